/* generator.c: see generator.h. */
#include "generator.h"

#include "gen_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* DynamoDB allows 400 KB for an item; some of it is left for the names of many small attributes. */
enum { ITEM_SIZE = 300000 };

enum { STREAM_SEQUENCE_DIGITS = 40 };

/* What the streams of different seeds differ in, so that one generator is never used for another's thing. */
enum { THING_STREAM, THING_KEY, THING_VALUE };

#define STREAM_LABEL "2026-10-19T08:35:12.417"
#define ACCOUNT      "111122223333"

/* 2026-10-19T08:40:00Z */
static const uint64_t CLOCK_START_US = 1792399200000000;

void generator_init(struct generator *generator, const struct gen_options *options)
{
    static const struct {
        const char *partition, *region;
    } places[] = {
        { "aws", "eu-west-1" }, { "aws", "us-east-1" }, { "aws-cn", "cn-north-1" }, { "aws-us-gov", "us-gov-west-1" }
    };
    static const char *const tables[] = { "Orders", "orders-prod.eu_1", "T01" };
    static const ddbs_type key_types[] = { DDBS_TYPE_NONE, DDBS_TYPE_S, DDBS_TYPE_N, DDBS_TYPE_B };
    struct rng rng = rng_of(options->seed, THING_STREAM, 0);
    /* One after the other: what an initializer list calls, it calls in any order. */
    size_t place = rng_below(&rng, sizeof places / sizeof *places);
    size_t table = rng_below(&rng, sizeof tables / sizeof *tables);
    size_t partition_key = 1 + rng_below(&rng, 3), sort_key = rng_below(&rng, 4);
    bool microseconds = rng_one_in(&rng, 2);
    *generator = (struct generator){
        .options = *options,
        .partition = places[place].partition,
        .region = places[place].region,
        .table = tables[table],
        .partition_key = key_types[partition_key],
        .sort_key = key_types[sort_key],
        .microseconds = microseconds,
        .first_name = rng_below(&rng, 100),
        .clock_us = CLOCK_START_US,
    };
    /* The stream's numbers are about to get one digit more: they must be compared as numbers. */
    snprintf(generator->sequence, sizeof generator->sequence, "%s",
             options->source == DDBS_SOURCE_KINESIS ? "49671000000000000000000000000000000000000000000000000000"
                                                    : "999999999999999999500");
    generator->rng = rng;
}

/* ---- Which change comes next ---- */

static bool suits(const struct gen_item *item, enum gen_operation operation)
{
    return operation == GEN_INSERT ? item->state != GEN_PRESENT : item->state != GEN_ABSENT;
}

/* An item that the operation can happen to; where there is none, a new one in place of another. Items that were never
 * seen suit all operations: what was before the stream is not known. */
static struct gen_item *pick_item(struct generator *generator, enum gen_operation operation)
{
    uint32_t start = rng_below(&generator->rng, GEN_ITEMS);
    for (uint32_t i = 0; i < GEN_ITEMS; i++) {
        struct gen_item *item = &generator->items[(start + i) % GEN_ITEMS];
        if (item->id == 0)
            item->id = ++generator->items_made;
        if (suits(item, operation))
            return item;
    }
    generator->items[start] = (struct gen_item){ .id = ++generator->items_made };
    return &generator->items[start];
}

static enum gen_operation pick_operation(struct generator *generator)
{
    return generator->options.operations[rng_below(&generator->rng, generator->options.operation_count)];
}

/* The next sequence number: a few more than the last, and seldom one digit longer. */
static void advance_sequence(struct generator *generator)
{
    char *text = generator->sequence;
    size_t len = strlen(text);
    size_t max = generator->options.source == DDBS_SOURCE_KINESIS ? len : STREAM_SEQUENCE_DIGITS;
    uint32_t carry = 1 + rng_below(&generator->rng, 300);
    for (size_t i = len; i > 0 && carry > 0; i--, carry /= 10) {
        carry += (uint32_t)(text[i - 1] - '0');
        text[i - 1] = (char)('0' + carry % 10);
    }
    bool longer = rng_one_in(&generator->rng, 2000) && len < max;
    if (carry > 0) {
        memmove(text + 1, text, len + 1);
        text[0] = (char)('0' + carry);
    } else if (longer) {
        memcpy(text + len, "0", 2);
    }
}

static void advance_clock(struct generator *generator)
{
    generator->clock_us += 1 + rng_below(&generator->rng, 800000);
}

/* ---- Keys and images ---- */

static struct value_gen value_gen_of(const struct generator *generator, ddbs_buf *out, struct rng rng)
{
    return (struct value_gen){
        .out = out,
        .rng = rng,
        .depth_max = generator->options.depth,
        .binary_twice = generator->options.source == DDBS_SOURCE_KINESIS,
    };
}

/* "pk":{...} and perhaps ,"sk":{...}; returns their size. */
static size_t write_keys(const struct generator *generator, ddbs_buf *out, const struct gen_item *item)
{
    struct value_gen gen = value_gen_of(generator, out, rng_of(generator->options.seed, THING_KEY, item->id));
    ddbs_buf__text(out, "\"pk\":");
    gen_key_value(&gen, generator->partition_key, item->id);
    if (generator->sort_key == DDBS_TYPE_NONE)
        return gen.size + 2;
    ddbs_buf__text(out, ",\"sk\":");
    gen_key_value(&gen, generator->sort_key, item->id);
    return gen.size + 4;
}

/* One attribute, or nothing: items do not all have the same ones. */
static size_t write_attribute(const struct generator *generator, ddbs_buf *out, const struct gen_item *item,
                              uint32_t index)
{
    /* A third of the attributes, at least one, gets a new version with each version of the item. */
    uint32_t stride = generator->options.attributes < 3 ? generator->options.attributes : 3;
    uint64_t version = (item->version + index) / stride;
    struct rng of_item = rng_of(generator->options.seed, THING_VALUE, item->id);
    struct value_gen gen = value_gen_of(generator, out, rng_of(of_item.state, index, version));
    gen.size_max = ITEM_SIZE / generator->options.attributes;
    if (generator->options.attributes > 1 && rng_one_in(&gen.rng, 16))
        return 0;
    ddbs_buf__text(out, ",");
    gen_name(&gen, generator->first_name + index);
    ddbs_buf__text(out, ":");
    gen_value(&gen);
    return gen.size;
}

static size_t write_image(const struct generator *generator, ddbs_buf *out, const char *name,
                          const struct gen_item *item)
{
    ddbs_buf__format(out, ",\"%s\":{", name);
    size_t size = write_keys(generator, out, item);
    for (uint32_t i = 0; i < generator->options.attributes; i++)
        size += write_attribute(generator, out, item, i);
    ddbs_buf__text(out, "}");
    return size;
}

/* ---- The record ---- */

static ddbs_view view_of(const struct generator *generator)
{
    return generator->options.source == DDBS_SOURCE_KINESIS ? DDBS_VIEW_NEW_AND_OLD_IMAGES : generator->options.view;
}

static const char *view_name(ddbs_view view)
{
    return view == DDBS_VIEW_KEYS_ONLY   ? "KEYS_ONLY"
           : view == DDBS_VIEW_NEW_IMAGE ? "NEW_IMAGE"
           : view == DDBS_VIEW_OLD_IMAGE ? "OLD_IMAGE"
                                         : "NEW_AND_OLD_IMAGES";
}

/* A time in seconds as Lambda writes it, a Java double: 1.7923992E9. */
static void write_seconds(ddbs_buf *out, uint64_t seconds)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, seconds);
    int exponent = len - 1;
    while (len > 2 && digits[len - 1] == '0')
        len--;
    ddbs_buf__format(out, "%c.%.*sE%d", digits[0], len - 1, digits + 1, exponent);
}

static void write_time(const struct generator *generator, ddbs_buf *out)
{
    ddbs_buf__text(out, "\"ApproximateCreationDateTime\":");
    if (generator->options.source != DDBS_SOURCE_KINESIS)
        write_seconds(out, generator->clock_us / 1000000);
    else
        ddbs_buf__format(out, "%" PRIu64, generator->microseconds ? generator->clock_us : generator->clock_us / 1000);
}

/* "dynamodb":{...}: the change itself. `item` is as it was, and becomes as it is now. */
static void write_change(const struct generator *generator, ddbs_buf *out, enum gen_operation operation,
                         struct gen_item *item)
{
    ddbs_view view = view_of(generator);
    bool removes = operation == GEN_REMOVE || operation == GEN_EXPIRE;
    struct gen_item old = *item;
    item->version++;
    item->state = removes ? GEN_ABSENT : GEN_PRESENT;
    ddbs_buf__text(out, "\"dynamodb\":{");
    write_time(generator, out);
    ddbs_buf__text(out, ",\"Keys\":{");
    size_t size = write_keys(generator, out, item);
    ddbs_buf__text(out, "}");
    if (!removes && (view == DDBS_VIEW_NEW_IMAGE || view == DDBS_VIEW_NEW_AND_OLD_IMAGES))
        size += write_image(generator, out, "NewImage", item);
    if (operation != GEN_INSERT && (view == DDBS_VIEW_OLD_IMAGE || view == DDBS_VIEW_NEW_AND_OLD_IMAGES))
        size += write_image(generator, out, "OldImage", &old);
    if (generator->options.source != DDBS_SOURCE_KINESIS)
        ddbs_buf__format(out, ",\"SequenceNumber\":\"%s\",\"SizeBytes\":%zu,\"StreamViewType\":\"%s\"}",
                         generator->sequence, size, view_name(view));
    else
        ddbs_buf__format(out, ",\"SizeBytes\":%zu%s}", size,
                         generator->microseconds ? ",\"ApproximateCreationDateTimePrecision\":\"MICROSECOND\"" : "");
}

static const char *event_name(enum gen_operation operation)
{
    return operation == GEN_INSERT ? "INSERT" : operation == GEN_MODIFY ? "MODIFY" : "REMOVE";
}

static void write_stream_record(struct generator *generator, ddbs_buf *out, enum gen_operation operation,
                                struct gen_item *item)
{
    uint64_t high = rng_next(&generator->rng), low = rng_next(&generator->rng);
    ddbs_buf__format(out,
                     "{\"eventID\":\"%016" PRIx64 "%016" PRIx64 "\",\"eventName\":\"%s\",\"eventVersion\":\"1.1\","
                     "\"eventSource\":\"aws:dynamodb\",\"awsRegion\":\"%s\",",
                     high, low, event_name(operation), generator->region);
    if (operation == GEN_EXPIRE)
        ddbs_buf__text(out, "\"userIdentity\":{\"type\":\"Service\",\"principalId\":\"dynamodb.amazonaws.com\"},");
    write_change(generator, out, operation, item);
    ddbs_buf__format(out, ",\"eventSourceARN\":\"arn:%s:dynamodb:%s:" ACCOUNT ":table/%s/stream/" STREAM_LABEL "\"}",
                     generator->partition, generator->region, generator->table);
}

/* The JSON that a record of the Kinesis feed carries as its data. */
static void write_inner(struct generator *generator, ddbs_buf *out, enum gen_operation operation, struct gen_item *item)
{
    uint64_t high = rng_next(&generator->rng), low = rng_next(&generator->rng);
    ddbs_buf__format(out,
                     "{\"awsRegion\":\"%s\",\"eventID\":\"%08" PRIx64 "-%04" PRIx64 "-4%03" PRIx64 "-8%03" PRIx64
                     "-%012" PRIx64 "\",\"eventName\":\"%s\",\"userIdentity\":%s,"
                     "\"recordFormat\":\"application/json\",\"tableName\":\"%s\",",
                     generator->region, high >> 32, high >> 16 & 0xffff, high & 0xfff, low >> 48 & 0xfff,
                     low & 0xffffffffffff, event_name(operation),
                     operation == GEN_EXPIRE ? "{\"principalId\":\"dynamodb.amazonaws.com\",\"type\":\"Service\"}"
                                             : "null",
                     generator->table);
    write_change(generator, out, operation, item);
    ddbs_buf__text(out, ",\"eventSource\":\"aws:dynamodb\"}");
}

static void write_kinesis_record(struct generator *generator, ddbs_buf *out, enum gen_operation operation,
                                 struct gen_item *item)
{
    ddbs_buf inner = { .arena = out->arena };
    uint64_t high = rng_next(&generator->rng), low = rng_next(&generator->rng);
    write_inner(generator, &inner, operation, item);
    ddbs_buf__format(out,
                     "{\"kinesis\":{\"kinesisSchemaVersion\":\"1.0\",\"partitionKey\":\"%016" PRIX64 "%016" PRIX64
                     "\",\"sequenceNumber\":\"%s\",\"data\":",
                     high, low, generator->sequence);
    ddbs_buf__base64(out, (const unsigned char *)inner.ptr, inner.len);
    out->failed |= inner.failed;
    ddbs_buf__format(out,
                     ",\"approximateArrivalTimestamp\":%" PRIu64 ".%03" PRIu64 "},\"eventSource\":\"aws:kinesis\","
                     "\"eventVersion\":\"1.0\",\"eventID\":\"shardId-000000000003:%s\","
                     "\"eventName\":\"aws:kinesis:record\",",
                     generator->clock_us / 1000000, generator->clock_us / 1000 % 1000, generator->sequence);
    ddbs_buf__format(out,
                     "\"invokeIdentityArn\":\"arn:%s:iam::" ACCOUNT ":role/consumer\",\"awsRegion\":\"%s\","
                     "\"eventSourceARN\":\"arn:%s:kinesis:%s:" ACCOUNT ":stream/%s-changes\"}",
                     generator->partition, generator->region, generator->partition, generator->region,
                     generator->table);
}

void generator_next(struct generator *generator, ddbs_buf *out)
{
    enum gen_operation operation = pick_operation(generator);
    struct gen_item *item = pick_item(generator, operation);
    advance_sequence(generator);
    advance_clock(generator);
    if (generator->options.source == DDBS_SOURCE_KINESIS)
        write_kinesis_record(generator, out, operation, item);
    else
        write_stream_record(generator, out, operation, item);
}
