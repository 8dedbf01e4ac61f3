/* test_twin.c: the second image of a record, where most of it stands in the first one in the same bytes. What is made
 * of it may not depend on that: every path through the library is compared with the plain one, which knows of none. */
#include "tests/fuzz/paths.h"
#include "tests/unit/check.h"

#include <ddbstream/event.h>
#include <ddbstream/value.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ATTRIBUTES_MAX = 40, TEXT_MAX = 16384, EVENTS = 30000 };

struct text {
    char bytes[TEXT_MAX];
    size_t len;
};

static uint64_t seed;

static size_t below(size_t limit)
{
    seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (size_t)(seed >> 33) % limit;
}

static void add(struct text *text, const char *format, ...) DDBS_PRINTF(2, 3);
static void add(struct text *text, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    text->len += (size_t)vsnprintf(text->bytes + text->len, sizeof text->bytes - text->len, format, arguments);
    va_end(arguments);
}

static void add_event(struct text *event, const char *new_image, const char *old_image)
{
    event->len = 0;
    add(event,
        "{\"Records\":[{\"eventID\":\"1\",\"eventName\":\"MODIFY\",\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{"
        "\"Keys\":{\"k\":{\"S\":\"1\"}},\"NewImage\":%s,\"OldImage\":%s,\"SequenceNumber\":\"1\"}}]}",
        new_image, old_image);
}

/* Whether every path makes the same of an event. Behind its last byte is none that may be read. */
static bool paths_agree(const struct text *event)
{
    char *copy = malloc(event->len);
    if (!CHECK(event->len < TEXT_MAX && copy != NULL))
        return false;
    const char *difference = paths_difference(memcpy(copy, event->bytes, event->len), event->len, NULL);
    free(copy);
    if (difference != NULL)
        printf("# %s: %s\n", difference, event->bytes);
    return CHECK(difference == NULL);
}

static bool all_alike(const char *new_image, const char *old_image)
{
    static struct text event;
    add_event(&event, new_image, old_image);
    return paths_agree(&event);
}

/* An event whose record begins with these members. */
static void add_members_event(struct text *event, const char *members)
{
    event->len = 0;
    add(event, "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{%s,\"SequenceNumber\":\"1\"}}]}",
        members);
}

/* ---- What is shared ---- */

static const char *text_of(const ddbs_item *item, const char *name)
{
    const ddbs_value *value = ddbs_item_find(item, ddbs_str_c(name));
    ddbs_str text = { NULL, 0 };
    CHECK(ddbs_value_str(value, &text) == DDBS_OK);
    return text.ptr;
}

TEST(an_attribute_that_did_not_change_shares_the_text_of_the_first_image)
{
    static struct text event;
    struct path_reading reading = { .scan = ddbs_scan__best() };
    const ddbs_record *record;
    add_event(&event, "{\"k\":{\"S\":\"1\"},\"a\":{\"S\":\"same\"},\"b\":{\"S\":\"new\"},\"c\":{\"S\":\"last\"}}",
              "{\"k\":{\"S\":\"1\"},\"a\":{\"S\":\"same\"},\"b\":{\"S\":\"older\"},\"c\":{\"S\":\"last\"}}");
    REQUIRE(path_read(&reading, event.bytes, event.len, NULL));
    CHECK_STATUS(ddbs_event_record(reading.event, 0, reading.arena, &record, NULL), DDBS_OK);
    bool shares = reading.scan != NULL;
    CHECK((text_of(record->new_image, "a") == text_of(record->old_image, "a")) == shares);
    CHECK((text_of(record->new_image, "c") == text_of(record->old_image, "c")) == shares);
    CHECK_STR(text_of(record->new_image, "b"), "new");
    CHECK_STR(text_of(record->old_image, "b"), "older");
    CHECK_STR(text_of(record->old_image, "c"), "last");
    ddbs_arena_free(reading.arena);
}

/* ---- One by one ---- */

static const char model[] =
    "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"},\"c\":{\"M\":{\"x\":{\"L\":[{\"S\":\"y\"}]}}},\"d\":{\"B\":\"AAEC\"}}";

TEST(whatever_follows_the_same_begin_is_judged_by_itself)
{
    static const char *const olds[] = {
        "{}",
        model,
        "{\"a\":{\"S\":\"1\"}}",
        "{\"a\":{\"S\":\"1\"},}",
        "{,\"a\":{\"S\":\"1\"}}",
        "{\"a\":{\"S\":\"1\"}\"b\":{\"N\":\"2\"}}",
        "{\"a\":{\"S\":\"1\"},,\"b\":{\"N\":\"2\"}}",
        "{\"a\":{\"S\":\"1\"},\"a\":{\"S\":\"1\"}}",
        "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"},\"a\":{\"S\":\"3\"}}",
        "{\"b\":{\"N\":\"2\"},\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"}}",
        "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"x\"}}",
        "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\" }}",
        "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\",\"S\":\"2\"}}",
        "{\"a\":{\"S\":\"1\\u0000\"},\"b\":{\"N\":\"2\"}}",
        "{\"a\":{\"S\":\"\\\"1\"},\"b\":{\"N\":\"2\"}}",
        "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"},\"c\":{\"M\":{\"x\":{\"L\":[{\"S\":\"y\"}]}}},\"d\":{\"B\":\"AAE\"}}",
        "{\"a\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"},\"c\":{\"M\":{\"x\":{\"L\":[{\"S\":\"z\"}]}}},\"d\":{\"B\":\"AAEC\"}"
        "}",
        "{\"c\":{\"M\":{\"x\":{\"L\":[{\"S\":\"y\"}]}}},\"d\":{\"B\":\"AAEC\"},\"e\":{\"S\":\"1\"}}",
        "{ \"a\":{\"S\":\"1\"} , \"b\":{\"N\":\"2\"} ,\n\"c\":{\"M\":{\"x\":{\"L\":[{\"S\":\"y\"}]}}} }",
        "{\"\":{\"S\":\"1\"},\"b\":{\"N\":\"2\"}}",
    };
    for (size_t i = 0; i < sizeof olds / sizeof *olds; i++) {
        all_alike(model, olds[i]);
        all_alike(olds[i], model);
        all_alike(olds[i], olds[i]);
    }
}

/* More names than are compared one by one: such a map has an index of them. */
TEST(images_of_many_names_are_alike)
{
    static struct text image, nested;
    image.len = nested.len = 0;
    for (int i = 0; i < ATTRIBUTES_MAX; i++)
        add(&image, "%c\"name%d\":{\"S\":\"%d\"}", i == 0 ? '{' : ',', i, i);
    add(&image, "}");
    add(&nested, "{\"a\":{\"S\":\"1\"},\"m\":{\"M\":%s},\"z\":{\"N\":\"1\"}}", image.bytes);
    all_alike(image.bytes, image.bytes);
    all_alike(nested.bytes, nested.bytes);
    all_alike(image.bytes, nested.bytes);
}

/* Whether all names of images_of_many_names_are_alike() are found in a nested map. */
static bool finds_all(const ddbs_item *image)
{
    const ddbs_item *map = NULL;
    bool found = ddbs_get_item(image, "m", &map) == DDBS_OK;
    for (int i = 0; i < ATTRIBUTES_MAX && found; i++) {
        char name[16], want[16];
        ddbs_str text;
        snprintf(name, sizeof name, "name%d", i);
        snprintf(want, sizeof want, "%d", i);
        found = ddbs_get_str(map, name, &text) == DDBS_OK && ddbs_str_is(text, want);
    }
    return found;
}

TEST(names_of_a_large_map_are_found_in_both_images)
{
    static struct text event, image;
    struct path_reading reading = { .scan = ddbs_scan__best() };
    const ddbs_record *record;
    image.len = 0;
    add(&image, "{\"a\":{\"S\":\"1\"},\"m\":{\"M\":");
    for (int i = 0; i < ATTRIBUTES_MAX; i++)
        add(&image, "%c\"name%d\":{\"S\":\"%d\"}", i == 0 ? '{' : ',', i, i);
    add(&image, "}},\"z\":{\"N\":\"1\"}}");
    add_event(&event, image.bytes, image.bytes);
    REQUIRE(path_read(&reading, event.bytes, event.len, NULL));
    CHECK_STATUS(ddbs_event_record(reading.event, 0, reading.arena, &record, NULL), DDBS_OK);
    CHECK(finds_all(record->new_image));
    CHECK(finds_all(record->old_image));
    ddbs_arena_free(reading.arena);
}

/* DynamoDB writes the keys first, others need not: behind both images they are compared with neither. */
TEST(keys_behind_both_images_are_read_by_themselves)
{
    static const char *const members[] = {
        "\"NewImage\":{\"b\":{\"N\":\"2\"}},\"OldImage\":{\"a\":{\"B\":\"AAAA\"},\"b\":{\"N\":\"2\"}},"
        "\"Keys\":{\"a\":{\"B\":\"BBBB\"}}",
        "\"OldImage\":{\"c\":{\"N\":\"1\"},\"b\":{\"N\":\"2\"}},"
        "\"NewImage\":{\"a\":{\"B\":\"AAAA\"},\"b\":{\"N\":\"2\"}},\"Keys\":{\"a\":{\"B\":\"BBBB\"}}",
        "\"NewImage\":{\"a\":{\"S\":\"x\"}},\"OldImage\":{\"a\":{\"S\":\"x\"},\"b\":{\"S\":\"y\"}},"
        "\"Keys\":{\"a\":{\"S\":\"x\"}},\"OldImage\":{\"a\":{\"S\":\"x\"},\"b\":{\"S\":\"y\"}}",
        "\"NewImage\":{\"a\":{\"S\":\"x\"}},\"Keys\":{\"a\":{\"S\":\"x\"}},\"OldImage\":{\"a\":{\"S\":\"y\"}}",
    };
    static struct text event;
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        add_members_event(&event, members[i]);
        paths_agree(&event);
    }
}

/* What is copied may end where the tape does, and an attribute follows that is in the second image alone. An index of
 * names takes the room that the quotes promise; members that nobody asks for give it back, a node each. */
TEST(a_model_may_fill_the_tape_to_its_end)
{
    static struct text event, members;
    for (int room = 0; room < 64; room++) {
        members.len = 0;
        for (int i = 0; i < room; i++)
            add(&members, "\"m%d\":1,", i);
        add(&members, "\"Keys\":{\"k\":{\"M\":{");
        for (int i = 0; i < 60; i++)
            add(&members, "%s\"name%d\":{\"NULL\":true}", i == 30 ? "}},\"l\":{\"M\":{" : i > 0 ? "," : "", i);
        add(&members, "}}},\"NewImage\":{\"a\": {\"BOOL\": true}, \"b\": {\"BOOL\": true}}");
        add(&members, ",\"OldImage\":{\"a\": {\"BOOL\": true}, \"b\": {\"BOOL\": true}, \"c\": {\"S\": \"c\"}}");
        add_members_event(&event, members.bytes);
        REQUIRE(paths_agree(&event));
    }
}

/* ---- Any edits ---- */

struct attribute {
    size_t name, value;
};

static const char *const names[] = { "a",
                                     "b",
                                     "id",
                                     "sk",
                                     "name",
                                     "total",
                                     "address",
                                     "createdAt",
                                     "an attribute",
                                     "a\\\"b",
                                     "\\u0061",
                                     "",
                                     "customer.email",
                                     "a name that is longer than most names are" };
static const char *const values[] = {
    "{\"S\":\"\"}",
    "{\"S\":\"text\"}",
    "{\"S\":\"a \\\"b\\\" \\u00e4\"}",
    "{\"S\":\"a text that is longer than the sixty-four bytes which are looked at at once, as some of them are\"}",
    "{\"N\":\"1\"}",
    "{\"N\":\"-12.50\"}",
    "{\"N\":\"1e\"}",
    "{\"N\":\"12345678901234567890123456789012345678\"}",
    "{\"B\":\"\"}",
    "{\"B\":\"3q2+7w==\"}",
    "{\"BOOL\":true}",
    "{\"NULL\":true}",
    "{\"SS\":[\"a\",\"b\"]}",
    "{\"NS\":[\"1\",\"2\"]}",
    "{\"BS\":[\"AA==\"]}",
    "{\"L\":[]}",
    "{\"M\":{}}",
    "{\"L\":[{\"S\":\"a\"},{\"M\":{\"b\":{\"L\":[{\"N\":\"1\"}]}}}]}",
    "{\"M\":{\"a\":{\"S\":\"x\"},\"b\":{\"M\":{\"c\":{\"N\":\"2\"}}}}}",
    "{ \"S\" : \"with space\" }",
    "{\"X\":1}",
};

enum { NAMES = sizeof names / sizeof *names, VALUES = sizeof values / sizeof *values };

static void write_image(struct text *text, const struct attribute *attributes, size_t count, const char *const *space)
{
    text->len = 0;
    add(text, "{%s", space[0]);
    for (size_t i = 0; i < count; i++)
        add(text, "%s\"%s\":%s%s", i == 0 ? "" : space[1], names[attributes[i].name], space[2],
            values[attributes[i].value]);
    add(text, "%s}", space[0]);
}

static size_t edit(struct attribute *attributes, size_t count)
{
    size_t at = below(count + 1);
    switch (below(5)) {
    case 0: /* another value */
        attributes[at % count].value = below(VALUES);
        return count;
    case 1: /* one less */
        memmove(attributes + at % count, attributes + at % count + 1, (count - at % count - 1) * sizeof *attributes);
        return count - (count > 1);
    case 2: /* another name, or one for the second time */
        attributes[at % count].name = below(NAMES);
        return count;
    case 3: /* one more */
        memmove(attributes + at + 1, attributes + at, (count - at) * sizeof *attributes);
        attributes[at] = (struct attribute){ below(NAMES), below(VALUES) };
        return count + 1;
    default:
        return count;
    }
}

static void spoil(struct text *text)
{
    size_t at = below(text->len);
    if (below(2) == 0)
        text->bytes[at] = "\"{}[]:,\\ SN1a"[below(13)];
    else
        memmove(text->bytes + at, text->bytes + at + 1, text->len - at); /* with the NUL */
}

/* Keys and images in DynamoDB's order or in another one. The keys may be all of an image. */
static void write_any_order(struct text *members, const char *first, const char *second)
{
    static const char *const orders[][3] = { { "Keys", "NewImage", "OldImage" },
                                             { "NewImage", "OldImage", "Keys" },
                                             { "OldImage", "NewImage", "Keys" },
                                             { "NewImage", "Keys", "OldImage" } };
    size_t order = below(4);
    const char *third = order == 0 || below(2) == 0 ? second : first;
    members->len = 0;
    add(members, "\"%s\":%s,\"%s\":%s,\"%s\":%s", orders[order][0], first, orders[order][1],
        order == 0 ? first : second, orders[order][2], third);
}

TEST(edited_images_are_alike_on_every_path)
{
    static const char *const spaces[][3] = { { "", ",", "" }, { "", ", ", " " }, { "\n  ", ",\n  ", " " } };
    static struct text first, second, members, event;
    seed = 20261019;
    for (int i = 0; i < EVENTS; i++) {
        struct attribute attributes[ATTRIBUTES_MAX];
        const char *const *space = spaces[below(3)];
        size_t count = 1 + below(10);
        for (size_t k = 0; k < count; k++)
            attributes[k] = (struct attribute){ (k + below(2)) % NAMES, below(VALUES) };
        write_image(&first, attributes, count, space);
        for (size_t edits = below(4); edits > 0; edits--)
            count = edit(attributes, count);
        write_image(&second, attributes, count, below(8) == 0 ? spaces[below(3)] : space);
        if (below(4) == 0)
            spoil(&second);
        write_any_order(&members, first.bytes, second.bytes);
        add_members_event(&event, members.bytes);
        REQUIRE(paths_agree(&event));
    }
}
