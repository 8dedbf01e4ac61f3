/* claim_key.c: see claim_key.h. cJSON cuts strings at U+0000 and has doubles for numbers; where that could make two
 * keys one, there is no key: to take another record for this one would lose it. */
#define _GNU_SOURCE
#include "runtime/aws/claim_key.h"
#include "lib/buf.h"
#include "lib/utf8.h"

#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 256, EXACT_MAX = 53 };

static size_t name_len(const char *path)
{
    return strcspn(path, ".[");
}

/* Behind "[12]"; NULL: that is no index. */
static const char *index_end(const char *at, size_t *number)
{
    size_t digits = strspn(at + 1, "0123456789");
    if (digits == 0 || digits > 6 || at[1 + digits] != ']')
        return NULL;
    *number = strtoul(at + 1, NULL, 10);
    return at + digits + 2;
}

bool ddbs_claim_key__is_path(const char *path)
{
    for (;;) {
        size_t len = name_len(path), number;
        if (len == 0)
            return false;
        path += len;
        while (*path == '[') {
            path = index_end(path, &number);
            if (path == NULL)
                return false;
        }
        if (*path == '\0')
            return true;
        if (*path++ != '.')
            return false;
    }
}

static const cJSON *child_of(const cJSON *tree, const char *name, size_t len)
{
    for (const cJSON *child = cJSON_IsObject(tree) ? tree->child : NULL; child != NULL; child = child->next) {
        if (strlen(child->string) == len && memcmp(child->string, name, len) == 0)
            return child;
    }
    return NULL;
}

static const cJSON *find(const cJSON *tree, const char *path)
{
    while (tree != NULL && *path != '\0') {
        size_t len = name_len(path), number;
        tree = child_of(tree, path, len);
        path += len;
        while (*path == '[' && tree != NULL) {
            path = index_end(path, &number);
            tree = cJSON_IsArray(tree) ? cJSON_GetArrayItem(tree, (int)number) : NULL;
        }
        if (tree != NULL && *path == '.')
            path++;
    }
    return tree;
}

/* ---- As Python writes it ---- */

/* The code point of a well-formed sequence. */
static unsigned code_of(const unsigned char *text, size_t len)
{
    static const unsigned char masks[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
    unsigned code = text[0] & masks[len];
    for (size_t i = 1; i < len; i++)
        code = code << 6 | (text[i] & 0x3f);
    return code;
}

static void write_code(ddbs_buf *out, unsigned code)
{
    if (code > 0xffff)
        ddbs_buf__format(out, "\\u%04x\\u%04x", 0xd800 + ((code - 0x10000) >> 10), 0xdc00 + ((code - 0x10000) & 0x3ff));
    else
        ddbs_buf__format(out, "\\u%04x", code);
}

/* ensure_ascii: everything but printable ASCII is escaped. */
static void write_string(ddbs_buf *out, const char *text)
{
    static const char special[] = "\"\\\n\r\t\b\f", letters[] = "\"\\nrtbf";
    size_t left = strlen(text);
    ddbs_buf__text(out, "\"");
    while (left > 0) {
        size_t len = ddbs_utf8__sequence(text, left);
        const char *found = strchr(special, *text);
        if (len == 0)
            break; /* the record was checked: there is none */
        if (found != NULL)
            ddbs_buf__format(out, "\\%c", letters[found - special]);
        else if (len == 1 && *text >= ' ' && *text <= '~')
            ddbs_buf__bytes(out, text, 1);
        else
            write_code(out, code_of((const unsigned char *)text, len));
        text += len;
        left -= len;
    }
    ddbs_buf__text(out, "\"");
}

static bool write_number(ddbs_buf *out, double number)
{
    double limit = (double)((int64_t)1 << EXACT_MAX);
    if (!(number > -limit && number < limit) || (double)(int64_t)number != number)
        return false;
    ddbs_buf__format(out, "%lld", (long long)number);
    return true;
}

static bool write_scalar(ddbs_buf *out, const cJSON *value)
{
    if (cJSON_IsString(value))
        write_string(out, value->valuestring);
    else if (cJSON_IsNumber(value))
        return write_number(out, value->valuedouble);
    else
        ddbs_buf__text(out, cJSON_IsTrue(value) ? "true" : cJSON_IsFalse(value) ? "false" : "null");
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(cJSON *const *)a)->string, (*(cJSON *const *)b)->string);
}

/* Sort the members of an object by their names' bytes, which is the order of their code points. An item can have 10^5
 * of them. False: the same name twice, or no memory, which fails `out`. */
static bool sort_members(cJSON *object, ddbs_buf *out)
{
    size_t count = (size_t)cJSON_GetArraySize(object), used = 0;
    cJSON **members = malloc((count + 1) * sizeof *members);
    bool distinct = members != NULL;
    out->failed = out->failed || members == NULL;
    for (cJSON *member = object->child; distinct && member != NULL; member = member->next)
        members[used++] = member;
    if (used > 1)
        qsort(members, used, sizeof *members, by_name);
    for (size_t i = 1; i < used; i++) {
        members[i - 1]->next = members[i];
        members[i]->prev = members[i - 1];
        distinct = distinct && strcmp(members[i - 1]->string, members[i]->string) != 0;
    }
    if (used > 0) {
        members[used - 1]->next = NULL;
        members[0]->prev = members[used - 1]; /* as cJSON has it */
        object->child = members[0];
    }
    free(members);
    return distinct;
}

static bool is_container(const cJSON *value)
{
    return cJSON_IsObject(value) || cJSON_IsArray(value);
}

/* What stands before a value: a comma where it is not the first, its name where it is a member. */
static void write_before(ddbs_buf *out, const cJSON *value, const cJSON *parent)
{
    if (parent == NULL)
        return;
    if (value != parent->child)
        ddbs_buf__text(out, ", ");
    if (cJSON_IsObject(parent)) {
        write_string(out, value->string);
        ddbs_buf__text(out, ": ");
    }
}

/* Without recursion: the containers that are open are on a stack. */
static bool write_tree(ddbs_buf *out, cJSON *root)
{
    cJSON *open[DEPTH_MAX];
    size_t depth = 0;
    for (cJSON *value = root; value != NULL;) {
        write_before(out, value, depth == 0 ? NULL : open[depth - 1]);
        if (is_container(value)) {
            if (depth == DEPTH_MAX || (cJSON_IsObject(value) && !sort_members(value, out)))
                return false;
            ddbs_buf__text(out, cJSON_IsObject(value) ? "{" : "[");
            open[depth++] = value;
            value = value->child;
        } else {
            if (!write_scalar(out, value))
                return false;
            value = depth == 0 ? NULL : value->next;
        }
        while (value == NULL && depth > 0) {
            const cJSON *closed = open[--depth];
            ddbs_buf__text(out, cJSON_IsObject(closed) ? "}" : "]");
            value = depth == 0 ? NULL : closed->next;
        }
    }
    return true;
}

ddbs_status ddbs_claim_key__hash(ddbs_str raw, const char *path, char out[DDBS_MD5_TEXT])
{
    ddbs_buf text = { .ptr = NULL };
    if (memmem(raw.ptr, raw.len, "\\u0000", 6) != NULL)
        return DDBS_E_INEXACT;
    cJSON *tree = cJSON_ParseWithLength(raw.ptr, raw.len);
    if (tree == NULL)
        return DDBS_E_MEMORY; /* or too deep for cJSON: the record itself was decoded */
    cJSON *value = (cJSON *)(uintptr_t)find(tree, path);
    ddbs_status status = value == NULL ? DDBS_E_MISSING : DDBS_OK;
    if (status == DDBS_OK && cJSON_IsNull(value))
        status = DDBS_E_MISSING;
    if (status == DDBS_OK && !write_tree(&text, value))
        status = DDBS_E_INEXACT;
    if (text.failed)
        status = DDBS_E_MEMORY;
    if (status == DDBS_OK)
        ddbs_hash__md5((ddbs_bytes){ (const unsigned char *)text.ptr, text.len }, out);
    cJSON_Delete(tree);
    ddbs_buf_free(&text);
    return status;
}
