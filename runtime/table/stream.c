/* stream.c: see stream.h. */
#include "stream.h"

#include "lib/buf.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Positions become sequence numbers by adding 99999999 * 10^14 + 99999999950000; two words of 14 and more digits. */
#define SEQUENCE_LOW  UINT64_C(99999999950000)
#define SEQUENCE_HIGH UINT64_C(99999999)
#define SEQUENCE_BASE UINT64_C(100000000000000)

static const char *const VIEWS[] = { "KEYS_ONLY", "NEW_IMAGE", "OLD_IMAGE", "NEW_AND_OLD_IMAGES" };

const char *stream_view_name(enum stream_view view)
{
    return view < STREAM_NONE ? VIEWS[view] : "";
}

enum stream_view stream_view_of(ddbs_str name)
{
    enum stream_view view = STREAM_KEYS_ONLY;
    while (view < STREAM_NONE && !ddbs_str_is(name, VIEWS[view]))
        view++;
    return view;
}

/* splitmix64: well mixed bits of a counter. */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15U;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
}

/* ---- Time and numbers as text ------------------------------------------------------------------------------------ */

/* Days since 1970-01-01 as a date (H. Hinnant's days_from_civil turned round); no time zone, no libc clock. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
    days += 719468;
    int64_t era = days / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    *day = (unsigned)(of_year - (153 * shifted + 2) / 5 + 1);
    *month = (unsigned)(shifted < 10 ? shifted + 3 : shifted - 9);
    *year = year_of_era + era * 400 + (*month <= 2);
}

static void write_label(int64_t ms, char out[STREAM_LABEL_SIZE])
{
    int64_t year, of_day = ms % 86400000;
    unsigned month, day;
    char text[64];
    civil(ms / 86400000, &year, &month, &day);
    snprintf(text, sizeof text, "%04" PRId64 "-%02u-%02uT%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%03" PRId64, year,
             month, day, of_day / 3600000, of_day / 60000 % 60, of_day / 1000 % 60, of_day % 1000);
    snprintf(out, STREAM_LABEL_SIZE, "%.23s", text);
}

void stream_sequence(uint64_t position, char out[STREAM_SEQUENCE_SIZE])
{
    uint64_t low = SEQUENCE_LOW + position % SEQUENCE_BASE;
    uint64_t high = SEQUENCE_HIGH + position / SEQUENCE_BASE + low / SEQUENCE_BASE;
    snprintf(out, STREAM_SEQUENCE_SIZE, "%" PRIu64 "%014" PRIu64, high, low % SEQUENCE_BASE);
}

static bool read_digits(const char *text, size_t len, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        *out = *out * 10 + (uint64_t)(text[i] - '0');
    }
    return true;
}

bool stream_position(ddbs_str sequence, uint64_t *out)
{
    uint64_t high, low;
    if (sequence.len < 15 || sequence.len > 28 || !read_digits(sequence.ptr, sequence.len - 14, &high) ||
        !read_digits(sequence.ptr + sequence.len - 14, 14, &low))
        return false;
    uint64_t carry = low < SEQUENCE_LOW;
    if (high < SEQUENCE_HIGH + carry || high - SEQUENCE_HIGH - carry > UINT64_MAX / SEQUENCE_BASE - 1)
        return false;
    *out = (high - SEQUENCE_HIGH - carry) * SEQUENCE_BASE + (low + carry * SEQUENCE_BASE - SEQUENCE_LOW);
    return true;
}

/* ---- Shards and records ------------------------------------------------------------------------------------------ */

static struct stream_shard *add_shard(struct stream *stream, size_t parent, int64_t now_ms)
{
    size_t count = stream->shard_count;
    struct stream_shard *shards = realloc(stream->shards, (count + 1) * sizeof *shards);
    if (shards == NULL)
        return NULL;
    stream->shards = shards;
    struct stream_shard *shard = &shards[stream->shard_count++];
    *shard = (struct stream_shard){ .parent = parent, .first = stream->latest + 1, .last = UINT64_MAX };
    snprintf(shard->id, sizeof shard->id, "shardId-%020" PRIu64 "-%08" PRIx32, (uint64_t)now_ms,
             (uint32_t)mix(stream->salt + count));
    return shard;
}

struct stream *stream_new(enum stream_view view, int64_t now_ms, uint64_t salt)
{
    struct stream *stream = calloc(1, sizeof *stream);
    if (stream == NULL)
        return NULL;
    stream->view = view;
    stream->created_ms = now_ms;
    stream->salt = salt;
    write_label(now_ms, stream->label);
    struct stream_shard *shard = add_shard(stream, SIZE_MAX, now_ms);
    if (shard == NULL) {
        free(stream);
        return NULL;
    }
    shard->high = UINT32_MAX;
    return stream;
}

void stream_record_free(struct stream_record *record)
{
    if (record == NULL)
        return;
    free(record->keys);
    free(record->old_image);
    free(record->new_image);
    free(record);
}

void stream_free(struct stream *stream)
{
    if (stream == NULL)
        return;
    for (size_t i = 0; i < stream->count; i++)
        stream_record_free(stream->records[stream->begin + i]);
    free(stream->records);
    free(stream->shards);
    free(stream);
}

bool stream_reserve(struct stream *stream, size_t count)
{
    if (stream->begin > 0 && stream->begin >= stream->count) {
        memmove(stream->records, stream->records + stream->begin, stream->count * sizeof *stream->records);
        stream->begin = 0;
    }
    size_t needed = stream->begin + stream->count + count;
    if (needed <= stream->capacity)
        return true;
    size_t capacity = needed + needed / 2 + 16;
    struct stream_record **records = realloc(stream->records, capacity * sizeof *records);
    if (records == NULL)
        return false;
    stream->records = records;
    stream->capacity = capacity;
    return true;
}

static size_t shard_of(const struct stream *stream, uint32_t hash)
{
    size_t shard = stream->shard_count;
    while (shard-- > 0) {
        const struct stream_shard *s = &stream->shards[shard];
        if (s->last == UINT64_MAX && s->low <= hash && hash <= s->high)
            break;
    }
    return shard;
}

void stream_append(struct stream *stream, struct stream_record *record)
{
    stream->latest += 1 + mix(stream->salt ^ stream->latest) % 997;
    record->position = stream->latest;
    record->shard = shard_of(stream, record->hash);
    stream->records[stream->begin + stream->count++] = record;
}

void stream_trim(struct stream *stream, int64_t now_ms)
{
    while (stream->count > 0) {
        struct stream_record *oldest = stream->records[stream->begin];
        if (now_ms - oldest->time_ms <= STREAM_RETENTION_MS)
            return;
        stream->trimmed = oldest->position;
        stream_record_free(oldest);
        stream->begin++;
        stream->count--;
    }
}

bool stream_split(struct stream *stream, size_t shard, int64_t now_ms)
{
    struct stream_shard parent = stream->shards[shard];
    struct stream_shard *left, *right;
    if (parent.last != UINT64_MAX || parent.low == parent.high)
        return false;
    left = add_shard(stream, shard, now_ms);
    right = left == NULL ? NULL : add_shard(stream, shard, now_ms);
    if (right == NULL) {
        stream->shard_count -= left != NULL;
        return false;
    }
    left = right - 1; /* the array may have moved */
    left->low = parent.low;
    left->high = parent.low + (parent.high - parent.low) / 2;
    right->low = left->high + 1;
    right->high = parent.high;
    stream->shards[shard].last = stream->latest;
    return true;
}

/* Places of records are ordered by position: the first one behind, by halving. */
static size_t first_behind(const struct stream *stream, uint64_t position)
{
    size_t low = 0, high = stream->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (stream->records[stream->begin + middle]->position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t stream_next(const struct stream *stream, size_t shard, uint64_t position)
{
    for (size_t place = first_behind(stream, position); place < stream->count; place++) {
        if (stream->records[stream->begin + place]->shard == shard)
            return place;
    }
    return SIZE_MAX;
}

const struct stream_record *stream_at(const struct stream *stream, size_t place)
{
    return place < stream->count ? stream->records[stream->begin + place] : NULL;
}

/* ---- As JSON ----------------------------------------------------------------------------------------------------- */

/* Whole seconds as AWS's Java writes a double: 1.789651658E9. */
static void write_time(int64_t ms, ddbs_buf *out)
{
    char digits[32];
    int len = snprintf(digits, sizeof digits, "%" PRId64, ms / 1000);
    int last = len;
    while (last > 2 && digits[last - 1] == '0')
        last--;
    if (len < 8) /* below 10^7 Java writes no exponent; nobody's clock does that but a test's */
        ddbs_buf__format(out, "%s.0", digits);
    else
        ddbs_buf__format(out, "%c.%.*sE%d", digits[0], last - 1, digits + 1, len - 1);
}

static void write_image(const char *name, const char *image, ddbs_buf *out)
{
    if (image == NULL)
        return;
    ddbs_buf__format(out, "\"%s\":", name);
    ddbs_buf__text(out, image);
    ddbs_buf__text(out, ",");
}

static void write_change(const struct stream *stream, const struct stream_record *record, ddbs_buf *out)
{
    char sequence[STREAM_SEQUENCE_SIZE];
    stream_sequence(record->position, sequence);
    ddbs_buf__text(out, "\"dynamodb\":{\"ApproximateCreationDateTime\":");
    write_time(record->time_ms, out);
    ddbs_buf__text(out, ",");
    write_image("Keys", record->keys, out);
    write_image("NewImage", record->new_image, out);
    write_image("OldImage", record->old_image, out);
    ddbs_buf__format(out, "\"SequenceNumber\":\"%s\",\"SizeBytes\":%zu,\"StreamViewType\":\"%s\"}", sequence,
                     record->size, stream_view_name(stream->view));
}

void stream_write(const struct stream *stream, const struct stream_record *record, const char *region, const char *arn,
                  ddbs_buf *out)
{
    static const char *const operations[] = { "INSERT", "MODIFY", "REMOVE" };
    ddbs_buf__format(out,
                     "{\"eventID\":\"%016" PRIx64 "%016" PRIx64 "\",\"eventName\":\"%s\",\"eventVersion\":\"1.1\",",
                     mix(stream->salt), mix(stream->salt ^ mix(record->position)), operations[record->operation]);
    ddbs_buf__format(out, "\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"%s\",", region);
    write_change(stream, record, out);
    if (record->expired)
        ddbs_buf__text(out, arn == NULL ? ",\"userIdentity\":{\"PrincipalId\":\"dynamodb.amazonaws.com\",\"Type\":"
                                          "\"Service\"}"
                                        : ",\"userIdentity\":{\"principalId\":\"dynamodb.amazonaws.com\",\"type\":"
                                          "\"Service\"}");
    if (arn != NULL)
        ddbs_buf__format(out, ",\"eventSourceARN\":\"%s\"", arn);
    ddbs_buf__text(out, "}");
}
