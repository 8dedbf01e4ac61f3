/* stream.c: the records of the stream, and the source that the mapping reads them from. */
#include "lib/arena.h"
#include "runtime/mapping/record.h"
#include "runtime/test/driver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD = sizeof MAPPING_EVENT_HEAD - 1, TAIL = sizeof MAPPING_EVENT_TAIL - 1 };

struct driver_record *driver_record(const ddbs_test *test, size_t number)
{
    return number == 0 || number > test->record_count ? NULL : &test->records[number - 1];
}

size_t driver_number(const ddbs_test *test, size_t shard, const struct mapping_record *record)
{
    return test->shards[shard].numbers[record->place - 1];
}

/* Ids look like those of AWS; a shard has the same one in every run. */
bool driver_add_shard(ddbs_test *test)
{
    if (!driver_grow(&test->shards, &test->shard_capacity, test->shard_count, sizeof *test->shards))
        return false;
    struct driver_shard *shard = &test->shards[test->shard_count];
    snprintf(shard->id, sizeof shard->id, "shardId-00000001792396800%03zu-%08zx", test->shard_count % 1000,
             test->shard_count);
    test->shard_count++;
    return true;
}

/* ---- Adding ------------------------------------------------------------------------------------------------------ */

/* A record alone in an event: the library says whether it is one, and which sequence number it has. */
static ddbs_status look_at(ddbs_test *test, const char *json, size_t len, struct driver_record *out)
{
    const ddbs_event *event;
    ddbs_error error;
    ddbs_arena_reset(test->scratch);
    char *text = ddbs_arena__alloc(test->scratch, HEAD + len + TAIL);
    if (text == NULL)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    memcpy(text, MAPPING_EVENT_HEAD, HEAD);
    memcpy(text + HEAD, json, len);
    memcpy(text + HEAD + len, MAPPING_EVENT_TAIL, TAIL);
    ddbs_status status = ddbs_event_parse(test->scratch, text, HEAD + len + TAIL, NULL, &event, &error);
    if (status != DDBS_OK)
        return driver_fail(test, status, "record %zu: %s%s%s", test->record_count + 1, error.path,
                           error.path[0] != '\0' ? ": " : "", error.reason);
    if (ddbs_event_count(event) != 1 || ddbs_event_source(event) != DDBS_SOURCE_DYNAMODB)
        return driver_fail(test, DDBS_E_EVENT, "record %zu is not one record of a DynamoDB stream",
                           test->record_count + 1);
    ddbs_str sequence = ddbs_event_sequence(event, 0), raw = ddbs_event_raw(event, 0);
    memcpy(out->sequence, sequence.ptr, sequence.len);
    out->json = malloc(raw.len + 1);
    if (out->json == NULL)
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    memcpy(out->json, raw.ptr, raw.len);
    out->json[raw.len] = '\0';
    out->len = raw.len;
    return DDBS_OK;
}

/* A stream that was recorded long ago must not be too old for every mapping. */
static void set_clock(ddbs_test *test, int64_t created_ms)
{
    if (!test->clock_set && test->record_count == 0 && !test->table_made)
        test->begin_ms = test->now_ms = created_ms;
}

static void note_partition_key(ddbs_test *test, const struct driver_record *record)
{
    ddbs_str name = mapping_record_first_key((ddbs_str){ record->json, record->len });
    if (test->key_names != NULL)
        name = (ddbs_str){ test->key_names, strcspn(test->key_names, ",") };
    if (test->partition_key[0] == '\0' && name.ptr != NULL)
        snprintf(test->partition_key, sizeof test->partition_key, "%.*s", (int)name.len, name.ptr);
}

ddbs_status driver_add(ddbs_test *test, size_t at, const char *json, size_t len)
{
    struct driver_shard *shard = &test->shards[at];
    struct driver_record record = { .fate = DDBS_TEST_OPEN };
    if (test->status != DDBS_OK)
        return test->status;
    if (!driver_grow(&test->records, &test->record_capacity, test->record_count, sizeof *test->records) ||
        !driver_grow(&shard->numbers, &shard->capacity, shard->count, sizeof *shard->numbers))
        return driver_fail(test, DDBS_E_MEMORY, "out of memory");
    DDBS_TRY(look_at(test, json, len, &record));
    record.created_ms = mapping_record_created((ddbs_str){ record.json, record.len });
    if (record.created_ms == MAPPING_NO_TIME)
        record.created_ms = test->now_ms;
    set_clock(test, record.created_ms);
    note_partition_key(test, &record);
    test->records[test->record_count++] = record;
    shard->numbers[shard->count++] = test->record_count;
    return DDBS_OK;
}

/* ---- The source -------------------------------------------------------------------------------------------------- */

static bool list(void *user, size_t index, struct mapping_shard *out)
{
    const ddbs_test *test = user;
    const struct stream *stream = test->table_made ? table_stream(test->db, test->table) : NULL;
    if (index >= test->shard_count)
        return false;
    *out = (struct mapping_shard){ .id = ddbs_str_c(test->shards[index].id) };
    size_t parent = stream == NULL || index >= stream->shard_count ? SIZE_MAX : stream->shards[index].parent;
    if (parent != SIZE_MAX)
        out->parents[0] = ddbs_str_c(test->shards[parent].id);
    return true;
}

static bool is_closed(const ddbs_test *test, size_t index)
{
    const struct stream *stream = test->table_made ? table_stream(test->db, test->table) : NULL;
    return stream != NULL && index < stream->shard_count && stream->shards[index].last != UINT64_MAX;
}

static enum mapping_read read(void *user, size_t index, struct mapping_record *out)
{
    ddbs_test *test = user;
    struct driver_shard *shard = &test->shards[index];
    if (shard->given == shard->count)
        return is_closed(test, index) ? MAPPING_READ_END : MAPPING_READ_NOTHING;
    if (driver_fault(test, DDBS_TEST_DENY_READ, &shard->numbers[shard->given], 1) != NULL)
        return MAPPING_READ_DENIED;
    const struct driver_record *record = driver_record(test, shard->numbers[shard->given++]);
    ddbs_str name = { test->partition_key, strlen(test->partition_key) };
    test->given++;
    *out = (struct mapping_record){ .json = { record->json, record->len },
                                    .sequence = ddbs_str_c(record->sequence),
                                    .created_ms = record->created_ms };
    out->key = mapping_record_key(out->json, name.len == 0 ? (ddbs_str){ NULL, 0 } : name);
    return MAPPING_READ_RECORD;
}

struct mapping_source driver_source(ddbs_test *test)
{
    return (struct mapping_source){ test, list, NULL, read };
}
