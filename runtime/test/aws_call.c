/* aws_call.c: what was called, what was sent, and which fault is for what. */
#define _GNU_SOURCE
#include "runtime/test/driver.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- Keeping ----------------------------------------------------------------------------------------------------- */

ddbs_status driver_open_aws(ddbs_test *test)
{
    ddbs_status status = ddbs_arena_new(&test->aws.arena, 0);
    return status == DDBS_OK ? ddbs_arena_new(&test->aws.told, 0) : status;
}

void driver_close_aws(ddbs_test *test)
{
    for (struct driver_region *region = test->aws.regions, *next; region != NULL; region = next) {
        next = region->next;
        table_close(region->db);
        free(region);
    }
    ddbs_arena_free(test->aws.arena);
    ddbs_arena_free(test->aws.told);
    free(test->aws.calls);
    free(test->aws.sent);
}

ddbs_str driver_keep(ddbs_test *test, const char *text, size_t len)
{
    char *copy = text == NULL ? NULL : ddbs_arena__alloc(test->aws.arena, len + 1);
    if (copy == NULL) {
        driver_fail(test, text == NULL ? DDBS_OK : DDBS_E_MEMORY, "out of memory");
        return (ddbs_str){ NULL, 0 };
    }
    memcpy(copy, text, len);
    copy[len] = '\0';
    return (ddbs_str){ copy, len };
}

static const char *keep_text(ddbs_test *test, const char *text)
{
    return driver_keep(test, text, strlen(text)).ptr;
}

static bool keep_headers(ddbs_test *test, const ddbs_aws_exchange *exchange, ddbs_test_call *told)
{
    size_t count = exchange->header_count;
    const char **headers = ddbs_arena__alloc(test->aws.arena, (count + 1) * sizeof *headers);
    for (size_t i = 0; headers != NULL && i < count; i++) {
        headers[i] = keep_text(test, exchange->headers[i]);
        if (headers[i] == NULL)
            return false;
    }
    told->headers = headers;
    told->header_count = count;
    return headers != NULL;
}

static bool keep_exchange(ddbs_test *test, const ddbs_aws_exchange *exchange, struct driver_call *call)
{
    const char *body = exchange->body.ptr == NULL ? "" : (const char *)exchange->body.ptr;
    *call = (struct driver_call){ .told = { .service = keep_text(test, exchange->service),
                                            .region = keep_text(test, exchange->region),
                                            .method = keep_text(test, exchange->method),
                                            .url = keep_text(test, exchange->url),
                                            .body = driver_keep(test, body, exchange->body.len),
                                            .delivery = test->in_callback ? test->delivery_count - 1 : SIZE_MAX,
                                            .record = test->in_callback ? test->aws.record : 0,
                                            .at_ms = ddbs_test_now_ms(test) - test->begin_ms } };
    ddbs_test_call *told = &call->told;
    return told->service != NULL && told->region != NULL && told->method != NULL && told->url != NULL &&
           told->body.ptr != NULL && keep_headers(test, exchange, told);
}

struct driver_call *driver_add_call(ddbs_test *test, const ddbs_aws_exchange *exchange)
{
    struct driver_aws *aws = &test->aws;
    struct driver_call *call = ddbs_arena__alloc(aws->arena, sizeof *call);
    if (call == NULL || !keep_exchange(test, exchange, call) ||
        !driver_grow(&aws->calls, &aws->capacity, aws->count, sizeof(struct driver_call *))) {
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
        return NULL;
    }
    aws->calls[aws->count++] = call;
    driver_find_service(test, call);
    return call;
}

struct driver_entry *driver_add_entry(ddbs_test *test, struct driver_call *call)
{
    size_t count = call->told.entries, room = call->room == 0 ? 16 : call->room * 2;
    if (count == call->room) {
        struct driver_entry *grown =
            ddbs_arena__grow(test->aws.arena, call->entries, count * sizeof *grown, room * sizeof *grown);
        if (grown == NULL) {
            driver_fail(test, DDBS_E_MEMORY, "out of memory");
            return NULL;
        }
        call->entries = grown;
        call->room = room;
    }
    call->entries[count] = (struct driver_entry){ .told = { .to = "", .call = test->aws.count - 1 } };
    call->told.entries++;
    return &call->entries[count];
}

void driver_add_sent(ddbs_test *test, const struct driver_entry *entry)
{
    struct driver_aws *aws = &test->aws;
    if (driver_grow(&aws->sent, &aws->sent_capacity, aws->sent_count, sizeof(ddbs_test_sent *)))
        aws->sent[aws->sent_count++] = &entry->told;
    else
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
}

const char *driver_header(const ddbs_test_call *call, const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < call->header_count; i++) {
        const char *line = call->headers[i];
        if (strncasecmp(line, name, len) == 0 && line[len] == ':')
            return line + len + 1 + strspn(line + len + 1, " ");
    }
    return NULL;
}

/* ---- Faults ------------------------------------------------------------------------------------------------------ */

static bool has(ddbs_str text, const char *part)
{
    return text.ptr != NULL && memmem(text.ptr, text.len, part, strlen(part)) != NULL;
}

bool driver_entry_fits(const struct driver_entry *entry, const ddbs_test_fault *fault)
{
    const ddbs_test_sent *told = &entry->told;
    return fault->holds == NULL || strstr(told->to, fault->holds) != NULL || has(told->key, fault->holds) ||
           has(told->id, fault->holds) || has(told->subject, fault->holds) || has(told->body, fault->holds) ||
           has(entry->text, fault->holds);
}

bool driver_call_fits(const struct driver_call *call, const ddbs_test_fault *fault)
{
    if ((fault->call != NULL && strcmp(fault->call, call->told.operation) != 0) ||
        (fault->record != 0 && fault->record != call->told.record))
        return false;
    for (size_t i = 0; i < call->told.entries; i++) {
        if (driver_entry_fits(&call->entries[i], fault))
            return true;
    }
    return call->told.entries == 0 && (fault->holds == NULL || has(call->told.body, fault->holds));
}

void ddbs_test_on_call(ddbs_test *test, ddbs_test_service *service, void *user)
{
    test->aws.service = service;
    test->aws.user = user;
}

/* ---- Looking at it ----------------------------------------------------------------------------------------------- */

static bool is_of(const struct driver_call *call, const char *operation)
{
    return operation == NULL || strcmp(call->told.operation, operation) == 0;
}

size_t ddbs_test_call_count(const ddbs_test *test, const char *operation)
{
    size_t count = 0;
    for (size_t i = 0; i < test->aws.count; i++)
        count += is_of(test->aws.calls[i], operation);
    return count;
}

const ddbs_test_call *ddbs_test_call_at(const ddbs_test *test, const char *operation, size_t index)
{
    for (size_t i = 0; i < test->aws.count; i++) {
        if (is_of(test->aws.calls[i], operation) && index-- == 0)
            return &test->aws.calls[i]->told;
    }
    return NULL;
}

/* Whether it went there: the whole name, or its last part. */
static bool is_to(const ddbs_test_sent *sent, const char *to)
{
    size_t have = strlen(sent->to), want = to == NULL ? 0 : strlen(to);
    if (to == NULL || strcmp(sent->to, to) == 0)
        return true;
    return want < have && strcmp(sent->to + have - want, to) == 0 && strchr("/:", sent->to[have - want - 1]) != NULL;
}

size_t ddbs_test_sent_count(const ddbs_test *test, const char *to)
{
    size_t count = 0;
    for (size_t i = 0; i < test->aws.sent_count; i++)
        count += is_to(test->aws.sent[i], to);
    return count;
}

const ddbs_test_sent *ddbs_test_sent_at(const ddbs_test *test, const char *to, size_t index)
{
    for (size_t i = 0; i < test->aws.sent_count; i++) {
        if (is_to(test->aws.sent[i], to) && index-- == 0)
            return test->aws.sent[i];
    }
    return NULL;
}

const char *ddbs_test_sent_keys(ddbs_test *test, const char *to)
{
    ddbs_buf out = { .arena = test->aws.arena };
    for (size_t i = 0; i < test->aws.sent_count; i++) {
        const ddbs_test_sent *sent = test->aws.sent[i];
        if (!is_to(sent, to))
            continue;
        ddbs_buf__text(&out, out.len == 0 ? "" : " ");
        ddbs_buf__bytes(&out, sent->key.ptr == NULL ? "-" : sent->key.ptr, sent->key.ptr == NULL ? 1 : sent->key.len);
    }
    if (out.failed)
        driver_fail(test, DDBS_E_MEMORY, "out of memory");
    return out.failed || out.ptr == NULL ? "" : out.ptr;
}
