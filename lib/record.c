/* record.c: ddbs_event_record, the members of one record. */
#include "lib/arena.h"
#include "lib/ascii.h"
#include "lib/base64.h"
#include "lib/decode.h"
#include "lib/twin.h"
#include "lib/utf8.h"

#include <ddbstream/num.h>

#include <string.h>

/* What a record says, before it becomes a ddbs_record. Members that nobody asks for are read, too: their types and
 * their number are part of what a record must get right. */
struct fields {
    ddbs_str event_id, event_name, event_version, event_source, region, source_arn, invoke_identity;
    ddbs_str record_format, table, identity_type, identity_principal;
    ddbs_str sequence, view, precision;
    ddbs_str schema_version, partition_key, data;
    ddbs_num created, arrival, size;
    size_t data_begin;                 /* of the base64 text, in the record */
    size_t keys, new_image, old_image; /* on the tape, DDBS_NOWHERE: absent */
};

struct member {
    const char *token; /* "name": */
    size_t len;        /* of the name alone */
    bool (*read)(struct decoder *d, struct fields *fields, size_t offset);
    size_t offset; /* in struct fields */
};

#define MEMBER(name, read, offset)                                                                                     \
    {                                                                                                                  \
        "\"" name "\":", sizeof(name) - 1, read, offset                                                                \
    }

static bool read_members(struct decoder *d, struct fields *fields, const struct member *members, size_t count);

#define READ_MEMBERS(d, fields, members) read_members(d, fields, members, sizeof(members) / sizeof *(members))

/* ---- Kinds of members ---- */

static bool text(struct decoder *d, struct fields *fields, size_t offset)
{
    return ddbs_decode__text(d, (ddbs_str *)(void *)((char *)fields + offset));
}

static bool number(struct decoder *d, struct fields *fields, size_t offset)
{
    size_t begin = d->json.at;
    int byte = ddbs_json__peek(&d->json);
    if (byte != '-' && (byte < '0' || byte > '9'))
        return ddbs_json__fail(&d->json, DDBS_E_SYNTAX, begin, "expected a number");
    if (!ddbs_json__number(&d->json))
        return false;
    *(ddbs_num *)(void *)((char *)fields + offset) = (ddbs_num){ d->text + begin, d->json.at - begin };
    return true;
}

/* Fixtures carry the creation time as a string, too. */
static bool number_or_text(struct decoder *d, struct fields *fields, size_t offset)
{
    ddbs_str string;
    if (ddbs_json__peek(&d->json) != '"')
        return number(d, fields, offset);
    if (!ddbs_decode__text(d, &string))
        return false;
    *(ddbs_num *)(void *)((char *)fields + offset) = (ddbs_num){ string.ptr, string.len };
    return true;
}

/* Keys and images: null and {} mean absent, an item always has its keys. */
static bool image(struct decoder *d, struct fields *fields, size_t offset)
{
    size_t node;
    if (ddbs_json__peek(&d->json) == 'n')
        return ddbs_json__null(&d->json);
    if (!ddbs_decode__image(d, &node))
        return false;
    d->twin.left = 0;
    if (d->tape.nodes[node].len > 0)
        *(size_t *)(void *)((char *)fields + offset) = node;
    /* The first image alone: of a later one the nodes may be copies, whose text is not its own. */
    if (offset != offsetof(struct fields, keys) && d->source != NULL && d->twin.end == 0)
        ddbs_twin__model(d, node, d->json.at - 1);
    return true;
}

static bool data(struct decoder *d, struct fields *fields, size_t offset)
{
    fields->data_begin = d->json.at + 1;
    if (!text(d, fields, offset))
        return false;
    d->escaped = d->json.at - 1 - fields->data_begin != fields->data.len;
    return true;
}

static bool identity(struct decoder *d, struct fields *fields, size_t offset)
{
    static const struct member members[] = {
        MEMBER("type", text, offsetof(struct fields, identity_type)),
        MEMBER("principalId", text, offsetof(struct fields, identity_principal)),
    };
    (void)offset;
    if (ddbs_json__peek(&d->json) == 'n')
        return ddbs_json__null(&d->json);
    return READ_MEMBERS(d, fields, members);
}

static bool change(struct decoder *d, struct fields *fields, size_t offset)
{
    static const struct member members[] = {
        MEMBER("ApproximateCreationDateTime", number_or_text, offsetof(struct fields, created)),
        MEMBER("Keys", image, offsetof(struct fields, keys)),
        MEMBER("NewImage", image, offsetof(struct fields, new_image)),
        MEMBER("OldImage", image, offsetof(struct fields, old_image)),
        MEMBER("SequenceNumber", text, offsetof(struct fields, sequence)),
        MEMBER("SizeBytes", number, offsetof(struct fields, size)),
        MEMBER("StreamViewType", text, offsetof(struct fields, view)),
        MEMBER("ApproximateCreationDateTimePrecision", text, offsetof(struct fields, precision)),
    };
    (void)offset;
    return READ_MEMBERS(d, fields, members);
}

static bool kinesis(struct decoder *d, struct fields *fields, size_t offset)
{
    static const struct member members[] = {
        MEMBER("kinesisSchemaVersion", text, offsetof(struct fields, schema_version)),
        MEMBER("partitionKey", text, offsetof(struct fields, partition_key)),
        MEMBER("sequenceNumber", text, offsetof(struct fields, sequence)),
        MEMBER("data", data, offsetof(struct fields, data)),
        MEMBER("approximateArrivalTimestamp", number, offsetof(struct fields, arrival)),
    };
    (void)offset;
    return READ_MEMBERS(d, fields, members);
}

static const struct member stream_members[] = {
    MEMBER("eventID", text, offsetof(struct fields, event_id)),
    MEMBER("eventName", text, offsetof(struct fields, event_name)),
    MEMBER("eventVersion", text, offsetof(struct fields, event_version)),
    MEMBER("eventSource", text, offsetof(struct fields, event_source)),
    MEMBER("awsRegion", text, offsetof(struct fields, region)),
    MEMBER("dynamodb", change, 0),
    MEMBER("eventSourceARN", text, offsetof(struct fields, source_arn)),
    MEMBER("userIdentity", identity, 0),
};

static const struct member kinesis_members[] = {
    MEMBER("eventID", text, offsetof(struct fields, event_id)),
    MEMBER("eventName", text, offsetof(struct fields, event_name)),
    MEMBER("eventVersion", text, offsetof(struct fields, event_version)),
    MEMBER("eventSource", text, offsetof(struct fields, event_source)),
    MEMBER("awsRegion", text, offsetof(struct fields, region)),
    MEMBER("invokeIdentityArn", text, offsetof(struct fields, invoke_identity)),
    MEMBER("eventSourceARN", text, offsetof(struct fields, source_arn)),
    MEMBER("kinesis", kinesis, 0),
};

static const struct member inner_members[] = {
    MEMBER("eventID", text, offsetof(struct fields, event_id)),
    MEMBER("eventName", text, offsetof(struct fields, event_name)),
    MEMBER("eventSource", text, offsetof(struct fields, event_source)),
    MEMBER("awsRegion", text, offsetof(struct fields, region)),
    MEMBER("recordFormat", text, offsetof(struct fields, record_format)),
    MEMBER("tableName", text, offsetof(struct fields, table)),
    MEMBER("dynamodb", change, 0),
    MEMBER("userIdentity", identity, 0),
};

/* ---- Objects ---- */

/* The member of that name. They come in the order of the table as a rule: `*guess` is tried first. */
static const struct member *find_member(const struct member *members, size_t count, size_t *guess, ddbs_str name)
{
    for (size_t tried = 0; tried < count; tried++) {
        const struct member *member = &members[*guess];
        *guess = *guess + 1 == count ? 0 : *guess + 1;
        if (name.len == member->len && memcmp(name.ptr, member->token + 1, name.len) == 0)
            return member;
    }
    return NULL;
}

/* Brackets open in the text at hand: one for each member on the way, less "kinesis" and "data" around a text inside. */
static size_t open_brackets(const struct decoder *d)
{
    return d->in_base64 ? d->member_count - 2 : d->member_count;
}

/* Whether this member is the next one, without space and escapes. Where there is a map, enough bytes can be read. */
static inline bool is_next(const struct decoder *d, bool first, const struct member *member)
{
    const char *text = d->text + d->json.at - first;
    return d->json.quotes != NULL && (first || *text == ',') &&
           ddbs_ascii__same(text + 1, member->token, member->len + 3) && text[member->len + 4] > ' ';
}

/* The next member's name, up to its value; `*more` is false at the end of the object. */
static bool next_name(struct decoder *d, bool first, ddbs_str *name, bool *more)
{
    if (!ddbs_json__more(&d->json, '}', first, more))
        return false;
    if (!*more)
        return true;
    ddbs_json__space(&d->json);
    if (!ddbs_decode__text(d, name) || !ddbs_json__expect(&d->json, ':', "expected ':' after a name"))
        return false;
    ddbs_json__space(&d->json);
    return true;
}

/* Most are texts: a call that needs no guess. */
static inline bool read_member(struct decoder *d, struct fields *fields, const struct member *member)
{
    return member->read == text ? text(d, fields, member->offset) : member->read(d, fields, member->offset);
}

/* The object at the cursor: known members are read and may not repeat, others are skipped. On an error the member at
 * hand stays on the path. */
static bool read_members(struct decoder *d, struct fields *fields, const struct member *members, size_t count)
{
    unsigned seen = 0;
    size_t guess = 0;
    bool more;
    if (!ddbs_json__expect(&d->json, '{', "expected an object"))
        return false;
    for (bool first = true;; first = false) {
        const struct member *member = &members[guess];
        ddbs_str name = { member->token + 1, member->len };
        size_t begin = d->json.at + !first;
        if (is_next(d, first, member)) {
            guess = guess + 1 == count ? 0 : guess + 1;
            d->json.at = begin + name.len + 3;
        } else {
            if (!next_name(d, first, &name, &more))
                return false;
            if (!more)
                return true;
            begin = (size_t)(name.ptr - d->text) - 1;
            member = find_member(members, count, &guess, name);
        }
        d->members[d->member_count++] = name;
        if (member != NULL && (seen >> (member - members) & 1))
            return ddbs_json__fail(&d->json, DDBS_E_DUPLICATE, begin, "the record has it twice");
        seen |= member != NULL ? 1u << (member - members) : 0;
        if (!(member != NULL ? read_member(d, fields, member) : ddbs_json__skip(&d->json, open_brackets(d))))
            return false;
        d->member_count--;
    }
}

/* ---- Kinesis: the change is inside the data ---- */

/* An error about the member `name`, whose value was read before and begins at `value`; NULL: there is none. */
static bool fail_at(struct decoder *d, const char *name, ddbs_status status, const char *value, const char *reason)
{
    d->members[d->member_count++] = ddbs_str_c(name);
    return ddbs_json__fail(&d->json, status, value == NULL ? 0 : (size_t)(value - d->text), reason);
}

/* Turn the decoder to the JSON inside `data`; what the record around it said stays where the inner one is silent. */
static bool read_inner(struct decoder *d, struct fields *fields)
{
    char *inner = (char *)(uintptr_t)fields->data.ptr;
    size_t begin = fields->data_begin;
    size_t len;
    d->members[d->member_count++] = ddbs_str_c("kinesis");
    if (inner == NULL)
        return fail_at(d, "data", DDBS_E_SYNTAX, NULL, "the record does not have it");
    if (!ddbs_base64__decode_by(d->scan, inner, inner, fields->data.len, &len))
        return fail_at(d, "data", DDBS_E_SYNTAX, inner, "expected canonical base64");
    d->members[d->member_count++] = ddbs_str_c("data");
    inner[len] = '\0';
    if (len > 0)
        inner[len + 1] = '\0'; /* at the latest where the closing quote was */
    d->origin += begin;
    d->in_base64 = true;
    if (!ddbs_decode__turn(d, inner, NULL, len))
        return ddbs_json__fail(&d->json, DDBS_E_MEMORY, 0, "no memory for the record");
    size_t invalid = ddbs_utf8__check_by(d->scan, inner, len);
    if (invalid < len)
        return ddbs_json__fail(&d->json, DDBS_E_SYNTAX, invalid, "not UTF-8");
    fields->event_id = fields->event_name = (ddbs_str){ NULL, 0 };
    ddbs_json__space(&d->json);
    if (!READ_MEMBERS(d, fields, inner_members))
        return false;
    ddbs_json__space(&d->json);
    return d->json.at == len ||
           ddbs_json__fail(&d->json, DDBS_E_SYNTAX, d->json.at, "text after the end of the change");
}

/* ---- From fields to the record ---- */

/* With a literal this is a comparison or two, not a call. */
static inline bool is(ddbs_str view, const char *text)
{
    size_t len = strlen(text);
    return view.len == len && memcmp(view.ptr, text, len) == 0;
}

static ddbs_operation operation_of(ddbs_str name)
{
    return is(name, "INSERT")   ? DDBS_OP_INSERT
           : is(name, "MODIFY") ? DDBS_OP_MODIFY
           : is(name, "REMOVE") ? DDBS_OP_REMOVE
                                : DDBS_OP_UNKNOWN;
}

static ddbs_view view_of(ddbs_str name)
{
    if (name.ptr == NULL)
        return DDBS_VIEW_NONE;
    return is(name, "NEW_AND_OLD_IMAGES") ? DDBS_VIEW_NEW_AND_OLD_IMAGES
           : is(name, "NEW_IMAGE")        ? DDBS_VIEW_NEW_IMAGE
           : is(name, "OLD_IMAGE")        ? DDBS_VIEW_OLD_IMAGE
           : is(name, "KEYS_ONLY")        ? DDBS_VIEW_KEYS_ONLY
                                          : DDBS_VIEW_OTHER;
}

/* Behind the ':' that ends the part of an ARN at `at`; the end of the ARN where none does. */
static const char *behind_part(const char *at, const char *end)
{
    const char *colon = memchr(at, ':', (size_t)(end - at));
    return colon == NULL ? end : colon + 1;
}

/* The table of arn:PARTITION:dynamodb:REGION:ACCOUNT:table/NAME[/stream/LABEL]. The label contains colons. */
static ddbs_str table_of(ddbs_str arn)
{
    static const char scheme[] = "arn:", service[] = "dynamodb:", kind[] = "table/";
    if (arn.len < 4 || memcmp(arn.ptr, scheme, 4) != 0)
        return (ddbs_str){ NULL, 0 };
    const char *end = arn.ptr + arn.len;
    const char *at = behind_part(arn.ptr + 4, end);
    if ((size_t)(end - at) < sizeof service || memcmp(at, service, sizeof service - 1) != 0)
        return (ddbs_str){ NULL, 0 };
    at = behind_part(behind_part(at + sizeof service - 1, end), end);
    if ((size_t)(end - at) < sizeof kind || memcmp(at, kind, sizeof kind - 1) != 0)
        return (ddbs_str){ NULL, 0 };
    const char *name = at + sizeof kind - 1, *slash = memchr(name, '/', (size_t)(end - name));
    size_t len = (size_t)((slash == NULL ? end : slash) - name);
    return (ddbs_str){ len > 0 ? name : NULL, len };
}

/* A name inside the ARN is copied: text ends in a NUL, and the ARN goes on. */
static bool set_table(struct decoder *d, ddbs_record *record)
{
    ddbs_str name = record->table.ptr == NULL ? table_of(record->stream_arn) : record->table;
    if (name.ptr != NULL && name.ptr[name.len] != '\0') {
        char *copy = ddbs_arena__alloc(d->tape.arena, name.len + 1);
        if (copy == NULL)
            return ddbs_json__fail(&d->json, DDBS_E_MEMORY, 0, "no memory for the record");
        memcpy(copy, name.ptr, name.len);
        copy[name.len] = '\0';
        name.ptr = copy;
    }
    record->table = name;
    return true;
}

/* Decimal places from the unit of the creation time to nanoseconds. The unit follows from the source, not from the size
 * of the number; only the Kinesis feed has two, told apart by a member, else by magnitude (developer guide, kds). */
static bool time_scale(struct decoder *d, const struct fields *fields, int *scale)
{
    int order;
    *scale = 9;
    if (d->event->source != DDBS_SOURCE_KINESIS)
        return true;
    *scale = 6;
    if (fields->precision.ptr == NULL) {
        static const ddbs_num largest_ms = { "100000000000000", 15 };
        if (fields->created.ptr != NULL && ddbs_num_compare(fields->created, largest_ms, &order) == DDBS_OK &&
            order > 0)
            *scale = 3;
        return true;
    }
    if (is(fields->precision, "MICROSECOND"))
        *scale = 3;
    return *scale == 3 || is(fields->precision, "MILLISECOND") ||
           fail_at(d, "ApproximateCreationDateTimePrecision", DDBS_E_TYPE, fields->precision.ptr,
                   "expected MILLISECOND or MICROSECOND");
}

static bool set_time(struct decoder *d, const struct fields *fields, ddbs_record *record)
{
    int scale;
    record->created_ns = DDBS_NO_TIME;
    if (!time_scale(d, fields, &scale))
        return false;
    if (fields->created.ptr == NULL)
        return true;
    ddbs_status status = ddbs_num_scaled(fields->created, scale, &record->created_ns);
    if (status == DDBS_OK && record->created_ns == DDBS_NO_TIME)
        status = DDBS_E_RANGE; /* that number means "absent" */
    return status == DDBS_OK || fail_at(d, "ApproximateCreationDateTime", status, fields->created.ptr,
                                        "expected a time that is exact in nanoseconds since 1970");
}

static bool set_size(struct decoder *d, const struct fields *fields, ddbs_record *record)
{
    record->size_bytes = DDBS_NO_SIZE;
    if (fields->size.ptr == NULL)
        return true;
    ddbs_status status = ddbs_num_i64(fields->size, &record->size_bytes);
    if (status == DDBS_OK && record->size_bytes < 0)
        status = DDBS_E_RANGE;
    return status == DDBS_OK || fail_at(d, "SizeBytes", status, fields->size.ptr, "expected a whole number of bytes");
}

static const ddbs_item *item_at(const struct tape *tape, size_t node)
{
    return node == DDBS_NOWHERE ? NULL : (const ddbs_item *)(const void *)&tape->nodes[node];
}

static bool fill(struct decoder *d, const struct fields *fields, ddbs_record *record)
{
    *record = (ddbs_record){
        .index = d->index,
        .source = d->event->source,
        .operation = operation_of(fields->event_name),
        .view = view_of(fields->view),
        .keys = item_at(&d->tape, fields->keys),
        .new_image = item_at(&d->tape, fields->new_image),
        .old_image = item_at(&d->tape, fields->old_image),
        .sequence_number = fields->sequence,
        .event_id = fields->event_id,
        .event_name = fields->event_name,
        .view_name = fields->view,
        .table = fields->table,
        .stream_arn = fields->source_arn,
        .region = fields->region,
        .identity_type = fields->identity_type,
        .identity_principal = fields->identity_principal,
        .raw = ddbs_event_raw(d->event, d->index),
    };
    record->expired = record->operation == DDBS_OP_REMOVE && is(record->identity_type, "Service") &&
                      is(record->identity_principal, "dynamodb.amazonaws.com");
    d->members[d->member_count++] = ddbs_str_c("dynamodb");
    return set_table(d, record) && set_time(d, fields, record) && set_size(d, fields, record);
}

static bool decode(struct decoder *d, ddbs_record *record)
{
    struct fields fields = { .keys = DDBS_NOWHERE, .new_image = DDBS_NOWHERE, .old_image = DDBS_NOWHERE };
    bool from_kinesis = d->event->source == DDBS_SOURCE_KINESIS;
    if (!(from_kinesis ? READ_MEMBERS(d, &fields, kinesis_members) : READ_MEMBERS(d, &fields, stream_members)))
        return false;
    if (from_kinesis) {
        /* The sequence number that counts is the outer one, which the index has seen. */
        ddbs_str outer = fields.sequence;
        if (!read_inner(d, &fields))
            return false;
        fields.sequence = outer;
    }
    return fill(d, &fields, record);
}

/* ---- Errors ---- */

/* The offset in the event of a byte of the decoder's text: three bytes of decoded text stand for four characters. */
static size_t event_offset(const struct decoder *d, size_t at)
{
    if (d->in_base64)
        at = d->escaped ? 0 : at / 3 * 4 + at % 3;
    return d->origin + at;
}

static ddbs_status report(const struct decoder *d, ddbs_error *error)
{
    ddbs_event__record_error(d->event, d->index, d->json.status, event_offset(d, d->json.fault), d->json.reason, error);
    ddbs_decode__path(d, error);
    return d->json.status;
}

ddbs_status ddbs_event_record(const ddbs_event *event, size_t index, ddbs_arena *arena, const ddbs_record **out,
                              ddbs_error *error)
{
    ddbs_error_clear(error);
    if (index >= event->count)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "the event has no record %zu", index);
    ddbs_str raw = ddbs_event_raw(event, index);
    ddbs_record *record = ddbs_arena__alloc(arena, sizeof *record);
    struct decoder d;
    if (record == NULL || !ddbs_decode__begin(&d, event->scan, arena, raw.ptr, raw.len))
        return ddbs_event__record_error(event, index, DDBS_E_MEMORY, event->records[index].begin,
                                        "no memory for the record", error);
    d.event = event;
    d.index = index;
    d.origin = event->records[index].begin;
    d.binary_twice = event->source == DDBS_SOURCE_KINESIS && !event->options.kinesis_binary_once;
    if (!decode(&d, record))
        return report(&d, error);
    *out = record;
    return DDBS_OK;
}
