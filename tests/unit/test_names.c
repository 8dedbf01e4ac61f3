/* test_names.c: the index of maps with many names: usual ones, and names that a stranger chose to collide. */
#include "lib/names.h"
#include "lib/read.h"
#include "tests/unit/check.h"

#include <ddbstream/convert.h>

#include <stdio.h>
#include <stdlib.h>

enum { NAME_SIZE = 32, COUNT = 600, SLOTS = 4096 };

static ddbs_arena *arena;

/* An item of these names, each with its number as its value; `twice`: the first name comes once more at the end. */
static const ddbs_item *read_names(char (*names)[NAME_SIZE], size_t count, bool twice, ddbs_error *error)
{
    static char json[COUNT * 2 * (NAME_SIZE + 40)];
    const ddbs_item *item = NULL;
    size_t len = 0;
    for (size_t i = 0; i < count + twice; i++)
        len += (size_t)snprintf(json + len, sizeof json - len, "%c\"%s\":{\"N\":\"%zu\"}", i == 0 ? '{' : ',',
                                names[i % count], i);
    len += (size_t)snprintf(json + len, sizeof json - len, "}");
    ddbs_arena_reset(arena);
    return ddbs_item_read(json, len, DDBS_JSON_TYPED, arena, &item, error) == DDBS_OK ? item : NULL;
}

static void check_found(const ddbs_item *item, char (*names)[NAME_SIZE], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ddbs_num num;
        char want[24];
        REQUIRE(ddbs_value_num(ddbs_item_find(item, ddbs_str_c(names[i])), &num) == DDBS_OK);
        snprintf(want, sizeof want, "%zu", i);
        CHECK_VIEW(num, want);
    }
    CHECK(ddbs_item_find(item, ddbs_str_c("no such name")) == NULL && ddbs_item_find(item, ddbs_str_c("")) == NULL);
}

/* Whether the index is a table, not sorted names. */
static bool has_table(const ddbs_item *item)
{
    return (&item->map)[item->map.as.span.extent - 1].len > 0;
}

/* Names of different lengths; with `collide`, all of them of one slot of any table up to SLOTS. */
static void make_names(char (*names)[NAME_SIZE], bool collide)
{
    size_t count = 0;
    for (unsigned i = 0; count < COUNT; i++) {
        snprintf(names[count], NAME_SIZE, "%.*s%u", (int)(i % 13), "attributename", i);
        count += !collide || ddbs_names__hash(names[count], strlen(names[count])) % SLOTS == 7;
    }
}

static void check_names(bool collide)
{
    static char names[COUNT][NAME_SIZE];
    ddbs_error error;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    make_names(names, collide);
    for (size_t count = 1; count <= COUNT; count += count < 60 ? 1 : 180) {
        const ddbs_item *item = read_names(names, count, false, &error);
        REQUIRE(item != NULL);
        check_found(item, names, count);
        if (count > FEW_NAMES + 8 && !CHECK_INT(has_table(item), !collide))
            printf("# %zu names\n", count);
        CHECK(read_names(names, count, true, &error) == NULL);
        CHECK_STATUS(error.status, DDBS_E_DUPLICATE);
        CHECK_STR(error.path, names[0]);
    }
    ddbs_arena_free(arena);
}

TEST(names_are_found_in_maps_of_every_size)
{
    check_names(false);
}

/* A table of them would take their number squared. */
TEST(names_that_collide_are_sorted)
{
    check_names(true);
}
