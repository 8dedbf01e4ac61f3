/* expr_lex.c: expressions as tokens; see expr.h. */
#include "expr.h"
#include "lib/arena.h"

#include <string.h>
#include <strings.h>

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static size_t word_end(ddbs_str text, size_t at)
{
    while (at < text.len && (is_letter(text.ptr[at]) || is_digit(text.ptr[at]) || text.ptr[at] == '_'))
        at++;
    return at;
}

/* The kind of an operator of two bytes; EXPR_END: it is none. */
static enum expr_kind pair_kind(ddbs_str text, size_t at)
{
    char next = at + 1 < text.len ? text.ptr[at + 1] : '\0';
    if (text.ptr[at] == '<' && next == '=')
        return EXPR_LE;
    if (text.ptr[at] == '<' && next == '>')
        return EXPR_NE;
    return text.ptr[at] == '>' && next == '=' ? EXPR_GE : EXPR_END;
}

/* Whether digits may begin here: only in brackets; elsewhere AWS takes no number. */
static size_t digits_end(ddbs_str text, size_t at)
{
    while (at < text.len && is_digit(text.ptr[at]))
        at++;
    return at;
}

/* The token at `at`; an unknown byte becomes a token of itself, which no grammar takes. */
static struct expr_token next_token(ddbs_str text, size_t at)
{
    char byte = text.ptr[at];
    size_t end = at + 1;
    enum expr_kind kind = EXPR_BYTE;
    if (is_letter(byte)) {
        kind = EXPR_WORD;
        end = word_end(text, at);
    } else if (is_digit(byte)) {
        kind = EXPR_DIGITS;
        end = digits_end(text, at);
    } else if ((byte == '#' || byte == ':') && word_end(text, at + 1) > at + 1) {
        kind = byte == '#' ? EXPR_HASH : EXPR_COLON;
        end = word_end(text, at + 1);
    } else if (pair_kind(text, at) != EXPR_END) {
        kind = pair_kind(text, at);
        end = at + 2;
    } else {
        while (end < text.len && ((unsigned char)text.ptr[end] & 0xc0) == 0x80)
            end++; /* the whole character: it may be quoted */
    }
    return (struct expr_token){ kind, { text.ptr + at, end - at } };
}

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

bool expr_open(struct expr_scope *scope, const char *kind, ddbs_str text, struct expr_tokens *out)
{
    size_t count = 0;
    struct expr_token *list;
    memset(scope->complaints, 0, sizeof scope->complaints);
    scope->kind = kind;
    if (text.len == 0)
        return fault_invalid(scope->fault, "Invalid %s: The expression can not be empty;", kind);
    if (text.len > EXPR_TEXT_MAX)
        return fault_invalid(scope->fault,
                             "Invalid %s: Expression size has exceeded the maximum allowed size; expression size: %zu",
                             kind, text.len);
    list = ddbs_arena__alloc(scope->fault->arena, (text.len + 1) * sizeof *list);
    if (list == NULL)
        return fault_memory(scope->fault);
    for (size_t at = 0; at < text.len;) {
        if (is_space(text.ptr[at])) {
            at++;
            continue;
        }
        list[count] = next_token(text, at);
        at += list[count++].text.len;
    }
    list[count] = (struct expr_token){ EXPR_END, { text.ptr + text.len, 0 } };
    *out = (struct expr_tokens){ .scope = scope, .list = list };
    return true;
}

bool expr_is(const struct expr_tokens *tokens, char byte)
{
    const struct expr_token *token = &tokens->list[tokens->at];
    return token->kind == EXPR_BYTE && token->text.ptr[0] == byte;
}

bool expr_is_word(const struct expr_tokens *tokens, const char *word)
{
    const struct expr_token *token = &tokens->list[tokens->at];
    return token->kind == EXPR_WORD && token->text.len == strlen(word) &&
           strncasecmp(token->text.ptr, word, token->text.len) == 0;
}

bool expr_take(struct expr_tokens *tokens, char byte)
{
    bool there = expr_is(tokens, byte);
    tokens->at += there;
    return there;
}

bool expr_take_word(struct expr_tokens *tokens, const char *word)
{
    bool there = expr_is_word(tokens, word);
    tokens->at += there;
    return there;
}

bool expr_is_call(const struct expr_tokens *tokens)
{
    const struct expr_token *token = &tokens->list[tokens->at];
    return token->kind == EXPR_WORD && token[1].kind == EXPR_BYTE && token[1].text.ptr[0] == '(';
}

bool expr_syntax(const struct expr_tokens *tokens)
{
    const struct expr_token *token = &tokens->list[tokens->at];
    const char *begin = tokens->at > 0 ? token[-1].text.ptr : token->text.ptr;
    bool at_end = token->kind == EXPR_END;
    const struct expr_token *last = !at_end ? token + 1 : tokens->at > 0 ? token - 1 : token;
    if (last->kind == EXPR_END)
        last = token;
    const char *end = last->text.ptr + last->text.len;
    return fault_invalid(tokens->scope->fault, "Invalid %s: Syntax error; token: \"%.*s\", near: \"%.*s\"",
                         tokens->scope->kind, at_end ? 5 : (int)token->text.len, at_end ? "<EOF>" : token->text.ptr,
                         (int)(end - begin), begin);
}
