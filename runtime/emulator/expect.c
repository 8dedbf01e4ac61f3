/* expect.c: see expect.h. */
#include "expect.h"

#include "command.h"

#include "lib/buf.h"
#include "runtime/mapping/record.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define JOURNAL_BYTES_MAX ((size_t)1 << 30)
#define NOBODY            SIZE_MAX

/* A record of the source; numbers count from 1 in the order of reading. */
struct item {
    size_t sequence;  /* where its sequence number begins in `texts`, with its NUL */
    size_t before;    /* index of the record before it of the same item, that passed the filter; NOBODY */
    size_t same_hash; /* chain of the table by sequence number; NOBODY */
    uint64_t key;
    uint64_t line;     /* of the journal, where it stands first; 0: nowhere */
    uint64_t delivery; /* the last one that it was in; 0: none */
    bool passed, given_up;
};

struct expect {
    struct expect_wants wants;
    const char *journal;
    const ddbs_filter *filter;
    struct mapping_source below;
    ddbs_buf texts;
    struct item *items;
    size_t count, capacity;
    size_t *by_sequence, *by_key; /* heads of chains, `slots` each, a power of two */
    size_t slots;
    uint64_t strange;   /* the first line of the journal that is no sequence number of the source; 0: none */
    char *twice;        /* a sequence number that two records have */
    bool out_of_memory; /* something could not be noted: nothing can be judged */
};

/* ---- What is expected -------------------------------------------------------------------------------------------- */

static bool is_word(const char *at, size_t len, const char *word)
{
    return strlen(word) == len && memcmp(at, word, len) == 0;
}

static bool read_invokes(const char *at, size_t len, uint64_t *out)
{
    static const char name[] = "max-invokes=";
    enum { NAME = sizeof name - 1 };
    if (len <= NAME || len > NAME + 18 || memcmp(at, name, NAME) != 0 || strspn(at + NAME, "0123456789") != len - NAME)
        return false;
    *out = strtoull(at + NAME, NULL, 10);
    return true;
}

int expect_read(struct expect_wants *out, const char *list, char *why, size_t why_size)
{
    *out = (struct expect_wants){ .any = true, .invokes_max = UINT64_MAX };
    for (const char *at = list;; at++) {
        size_t len = strcspn(at, ",");
        if (is_word(at, len, "at-least-once")) {
            out->at_least_once = true;
        } else if (is_word(at, len, "no-loss")) {
            out->no_loss = true;
        } else if (is_word(at, len, "in-order")) {
            out->in_order = true;
        } else if (!read_invokes(at, len, &out->invokes_max)) {
            snprintf(why, why_size, "at-least-once, no-loss, in-order and max-invokes=N, not \"%.*s\"", (int)len, at);
            return -1;
        }
        at += len;
        if (*at == '\0')
            return 0;
    }
}

bool expect_needs_journal(const struct expect_wants *wants)
{
    return wants->at_least_once || wants->no_loss || wants->in_order;
}

int expect_new(struct expect **out, const struct expect_wants *wants, const char *journal, const ddbs_filter *filter,
               char *why, size_t why_size)
{
    struct expect *expect = calloc(1, sizeof *expect);
    int file = journal == NULL ? -1 : open(journal, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (journal != NULL && file < 0)
        snprintf(why, why_size, "%s: %s", journal, strerror(errno));
    else if (expect == NULL)
        snprintf(why, why_size, "out of memory");
    if (file >= 0)
        close(file);
    if (expect == NULL || (journal != NULL && file < 0)) {
        free(expect);
        return -1;
    }
    expect->wants = *wants;
    expect->journal = journal;
    expect->filter = filter;
    *out = expect;
    return 0;
}

void expect_free(struct expect *expect)
{
    if (expect == NULL)
        return;
    ddbs_buf_free(&expect->texts);
    free(expect->items);
    free(expect->by_sequence);
    free(expect->by_key);
    free(expect->twice);
    free(expect);
}

/* ---- Noting ------------------------------------------------------------------------------------------------------ */

static uint64_t hash_of(const char *bytes, size_t len)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 0x100000001b3u;
    return hash ^ hash >> 32;
}

static const char *sequence_of(const struct expect *expect, size_t index)
{
    return expect->texts.ptr + expect->items[index].sequence;
}

/* The record of this sequence number; NOBODY: the source has none. */
static size_t find(const struct expect *expect, const char *text, size_t len)
{
    if (expect->slots == 0)
        return NOBODY;
    size_t index = expect->by_sequence[hash_of(text, len) & (expect->slots - 1)];
    while (index != NOBODY && !is_word(text, len, sequence_of(expect, index)))
        index = expect->items[index].same_hash;
    return index;
}

static void chain(struct expect *expect, size_t index)
{
    struct item *item = &expect->items[index];
    const char *sequence = sequence_of(expect, index);
    size_t *head = &expect->by_sequence[hash_of(sequence, strlen(sequence)) & (expect->slots - 1)];
    item->same_hash = *head;
    *head = index;
}

/* Room for one more record; the table by sequence number grows along. */
static bool grow(struct expect *expect)
{
    if (expect->count < expect->capacity)
        return true;
    size_t capacity = expect->capacity == 0 ? 256 : 2 * expect->capacity;
    struct item *items = realloc(expect->items, capacity * sizeof *items);
    if (items != NULL)
        expect->items = items;
    size_t *slots = realloc(expect->by_sequence, capacity * sizeof *slots);
    if (slots != NULL)
        expect->by_sequence = slots;
    if (items == NULL || slots == NULL)
        return false;
    expect->capacity = expect->slots = capacity;
    for (size_t i = 0; i < capacity; i++)
        slots[i] = NOBODY;
    for (size_t i = 0; i < expect->count; i++)
        chain(expect, i);
    return true;
}

static bool passes(const struct expect *expect, const struct mapping_record *record)
{
    bool passed = true;
    return expect->filter == NULL || ddbs_filter_match_json(expect->filter, record->json, &passed) != DDBS_OK || passed;
}

static void note(struct expect *expect, const struct mapping_record *record)
{
    size_t begin = expect->texts.len;
    ddbs_buf__bytes(&expect->texts, record->sequence.ptr, record->sequence.len);
    ddbs_buf__bytes(&expect->texts, "", 1);
    if (expect->texts.failed || !grow(expect)) {
        expect->out_of_memory = true;
        return;
    }
    size_t same = find(expect, record->sequence.ptr, record->sequence.len);
    expect->items[expect->count] = (struct item){ .sequence = begin,
                                                  .key = mapping_record_key(record->json, (ddbs_str){ NULL, 0 }),
                                                  .before = NOBODY,
                                                  .passed = passes(expect, record) };
    if (same != NOBODY && expect->twice == NULL)
        expect->twice = strdup(sequence_of(expect, same));
    chain(expect, expect->count++);
}

static bool list(void *user, size_t index, struct mapping_shard *out)
{
    struct expect *expect = user;
    return expect->below.shard(expect->below.user, index, out);
}

static void open_shard(void *user, size_t index, enum mapping_position position)
{
    struct expect *expect = user;
    if (expect->below.open != NULL)
        expect->below.open(expect->below.user, index, position);
}

static enum mapping_read read_shard(void *user, size_t index, struct mapping_record *out)
{
    struct expect *expect = user;
    enum mapping_read got = expect->below.read(expect->below.user, index, out);
    if (got == MAPPING_READ_RECORD)
        note(expect, out);
    return got;
}

struct mapping_source expect_source(struct expect *expect, const struct mapping_source *below)
{
    expect->below = *below;
    return (struct mapping_source){ expect, list, open_shard, read_shard };
}

void expect_delivered(struct expect *expect, const struct mapping_delivery *delivery)
{
    for (size_t i = 0; i < delivery->count; i++) {
        ddbs_str sequence = delivery->records[i].sequence;
        size_t index = find(expect, sequence.ptr, sequence.len);
        if (index != NOBODY)
            expect->items[index].delivery = delivery->number;
    }
}

void expect_given_up(struct expect *expect, const struct mapping_delivery *delivery)
{
    for (size_t i = 0; i < delivery->count; i++) {
        ddbs_str sequence = delivery->records[i].sequence;
        size_t index = find(expect, sequence.ptr, sequence.len);
        if (index != NOBODY)
            expect->items[index].given_up = true;
    }
}

/* ---- The journal ------------------------------------------------------------------------------------------------- */

static void take_line(struct expect *expect, const char *line, size_t len, uint64_t number)
{
    size_t index = find(expect, line, len);
    if (index == NOBODY && expect->strange == 0)
        expect->strange = number;
    else if (index != NOBODY && expect->items[index].line == 0)
        expect->items[index].line = number;
}

/* A last line without its newline was never written whole: it does not count. 0, or an exit status. */
static int read_journal(struct expect *expect)
{
    char why[512], *text;
    size_t len;
    if (command_read(expect->journal, JOURNAL_BYTES_MAX, &text, &len, why, sizeof why) != 0)
        return command_failed("run", "the journal: %s", why);
    uint64_t number = 1;
    for (char *at = text, *end; (end = memchr(at, '\n', len - (size_t)(at - text))) != NULL; at = end + 1)
        take_line(expect, at, (size_t)(end - at), number++);
    free(text);
    return 0;
}

/* Say of each record which one of the same item comes before it. */
static bool link_items(struct expect *expect)
{
    expect->by_key = malloc((expect->slots + 1) * sizeof *expect->by_key);
    if (expect->by_key == NULL)
        return false;
    for (size_t i = 0; i < expect->slots; i++)
        expect->by_key[i] = NOBODY;
    size_t *chains = malloc((expect->count + 1) * sizeof *chains); /* the record before in the same slot */
    for (size_t i = 0; chains != NULL && i < expect->count; i++) {
        struct item *item = &expect->items[i];
        size_t *head = &expect->by_key[(item->key * 0x9e3779b97f4a7c15u) >> 32 & (expect->slots - 1)];
        size_t before = *head;
        while (before != NOBODY && expect->items[before].key != item->key)
            before = chains[before];
        item->before = before;
        if (!item->passed)
            continue;
        chains[i] = *head;
        *head = i;
    }
    free(chains);
    return chains != NULL;
}

/* ---- Judging ----------------------------------------------------------------------------------------------------- */

static void say_record(const struct expect *expect, size_t index)
{
    const struct item *item = &expect->items[index];
    printf("    record %zu, sequence %s: ", index + 1, sequence_of(expect, index));
    if (!item->passed)
        printf("filtered out");
    else if (item->line != 0)
        printf("line %" PRIu64 " of the journal%s", item->line, item->given_up ? ", and given up" : "");
    else
        printf("not in the journal, %s", item->given_up ? "given up" : "and in no on-failure record");
    if (item->delivery != 0)
        printf(" (last delivered in #%" PRIu64 ")", item->delivery);
    putchar('\n');
}

static void say_failed(const char *name, const char *what)
{
    printf("NOT HELD: %s: %s\n", name, what);
}

static bool judge_all_done(const struct expect *expect, bool given_up_counts)
{
    size_t missing = 0, first = 0;
    for (size_t i = expect->count; i-- > 0;) {
        const struct item *item = &expect->items[i];
        if (!item->passed || item->line != 0 || (given_up_counts && item->given_up))
            continue;
        missing++;
        first = i;
    }
    if (missing == 0)
        return true;
    char what[128];
    snprintf(what, sizeof what, "%zu of %zu records are not done; the first, and the one before it:", missing,
             expect->count);
    say_failed(given_up_counts ? "at-least-once" : "no-loss", what);
    if (first > 0)
        say_record(expect, first - 1);
    say_record(expect, first);
    return false;
}

/* The record that had to be done before `index`, and was not; NOBODY: all is well. */
static size_t overtaken(const struct expect *expect, size_t index)
{
    const struct item *item = &expect->items[index];
    size_t before = item->before;
    while (before != NOBODY && expect->items[before].given_up &&
           (expect->items[before].line == 0 || expect->items[before].line > item->line))
        before = expect->items[before].before;
    bool held = before == NOBODY || (expect->items[before].line != 0 && expect->items[before].line < item->line);
    return held ? NOBODY : before;
}

static bool judge_order(const struct expect *expect)
{
    size_t worst = NOBODY;
    for (size_t i = 0; i < expect->count; i++) {
        uint64_t line = expect->items[i].line;
        if (line == 0 || overtaken(expect, i) == NOBODY)
            continue;
        if (worst == NOBODY || line < expect->items[worst].line)
            worst = i;
    }
    if (worst == NOBODY)
        return true;
    say_failed("in-order", "a record was done before an earlier one of the same item:");
    say_record(expect, overtaken(expect, worst));
    say_record(expect, worst);
    return false;
}

static bool judge_invokes(const struct expect *expect, uint64_t invokes)
{
    if (invokes <= expect->wants.invokes_max)
        return true;
    printf("NOT HELD: max-invokes=%" PRIu64 ": the function was invoked %" PRIu64 " times\n", expect->wants.invokes_max,
           invokes);
    return false;
}

/* 0, or an exit status where nothing can be told. */
static int prepare(struct expect *expect)
{
    if (expect->out_of_memory)
        return command_failed("run", "--expect: out of memory");
    if (!expect_needs_journal(&expect->wants))
        return 0;
    if (expect->twice != NULL)
        return command_failed("run", "--expect: sequence number %s stands twice in the source", expect->twice);
    if (!link_items(expect))
        return command_failed("run", "--expect: out of memory");
    return read_journal(expect);
}

static bool tell(const struct expect_listener *listener, const char *name, bool held)
{
    if (listener != NULL)
        listener->told(listener->user, name, held);
    return held;
}

static bool judge(const struct expect *expect, uint64_t invokes, const struct expect_listener *listener)
{
    const struct expect_wants *wants = &expect->wants;
    bool held = judge_invokes(expect, invokes);
    if (wants->invokes_max != UINT64_MAX)
        tell(listener, "max-invokes", held);
    if (expect->strange != 0) {
        printf("NOT HELD: line %" PRIu64 " of the journal is no sequence number of the source\n", expect->strange);
        held = tell(listener, "the journal has sequence numbers of the source only", false);
    }
    if (wants->at_least_once)
        held = tell(listener, "at-least-once", judge_all_done(expect, true)) && held;
    if (wants->no_loss)
        held = tell(listener, "no-loss", judge_all_done(expect, false)) && held;
    if (wants->in_order)
        held = tell(listener, "in-order", judge_order(expect)) && held;
    return held;
}

int expect_judge(struct expect *expect, uint64_t invokes, const char *command, const struct expect_listener *listener)
{
    int status = prepare(expect);
    if (status != 0)
        return status;
    if (!judge(expect, invokes, listener)) {
        printf("to see it again:\n  %s\n", command);
        return EXIT_BAD_INPUT;
    }
    printf("held:%s%s%s", expect->wants.at_least_once ? " at-least-once" : "", expect->wants.no_loss ? " no-loss" : "",
           expect->wants.in_order ? " in-order" : "");
    if (expect->wants.invokes_max != UINT64_MAX)
        printf(" max-invokes=%" PRIu64, expect->wants.invokes_max);
    printf(" (%zu records, %" PRIu64 " invocations)\n", expect->count, invokes);
    return EXIT_HELD;
}
