/* cjson.c: see ddbstream/cjson.h. The bridge is JSON text: what cJSON makes of it is printed and read back, so
 * that a loss is seen whatever its cause in the version of cJSON at hand.
 *
 * Facts about cJSON (1.7): numbers are doubles, printed with 15 digits where those come close and with 17
 * otherwise; what is not finite is printed as null; parsing takes 63 characters of a number at most (before 1.7.19)
 * and cuts strings at U+0000; printing and parsing are recursive, parsing up to CJSON_NESTING_LIMIT. */
#include "lib/buf.h"
#include "lib/error.h"

#include <ddbstream/cjson.h>
#include <ddbstream/diff.h>

#include <stdlib.h>
#include <string.h>

/* Nodes inside each other: two for each value of the typed form, {"M":{ and so on, and a few more for the item around
 * them and the elements of a set inside. */
enum { NODES_MAX = 2 * DDBS_VALUE_DEPTH_MAX + 4 };
_Static_assert(NODES_MAX < CJSON_NESTING_LIMIT, "cJSON reads every item");

/* More characters of a number than this are not read by every cJSON. */
enum { NUMBER_MAX = 63 };

/* A number as cJSON prints it, and some bytes more: it is not accurate in the room it asks for. */
enum { NUMBER_TEXT = 64 };

static ddbs_status fail(ddbs_error *error, ddbs_status status, const char *reason)
{
    return ddbs_error__set(error, status, DDBS_NOWHERE, DDBS_NOWHERE, "%s", reason);
}

static ddbs_status no_memory(ddbs_error *error)
{
    return fail(error, DDBS_E_MEMORY, "no memory for the cJSON tree or its text");
}

/* ---- An item to a tree ------------------------------------------------------------------------------------------ */

static size_t string_len(const char *text)
{
    size_t len = 1;
    while (text[len] != '"')
        len += text[len] == '\\' ? 2 : 1;
    return len + 1;
}

/* How long the token at `text` is: a string, a number or literal, or one byte of anything else. */
static size_t token_len(const char *text)
{
    size_t len = strcspn(text, "\"{}[],:");
    if (len > 0)
        return len;
    return *text == '"' ? string_len(text) : 1;
}

/* Write numbers that cJSON would not read whole in their canonical form, which is short enough. In place. */
static void shorten_numbers(ddbs_buf *json)
{
    size_t to = 0, len;
    for (size_t at = 0; at < json->len; at += len) {
        char canonical[DDBS_NUM_TEXT_MAX];
        len = token_len(json->ptr + at);
        ddbs_num num = { json->ptr + at, len };
        if (len > NUMBER_MAX && ddbs_num_canonical(num, canonical) == DDBS_OK)
            num = (ddbs_num){ canonical, strlen(canonical) };
        memmove(json->ptr + to, num.ptr, num.len);
        to += num.len;
    }
    json->len = to;
    json->ptr[to] = '\0';
}

/* Put a path of ddbs_diff_items into an error: its backslashes are there already. What is too long is cut by the
 * cleaning, so one byte more than fits is enough. */
static void set_path(ddbs_error *error, ddbs_str path)
{
    static const char nul[] = "\\x00";
    char text[sizeof error->path + sizeof nul] = { 0 };
    for (size_t i = 0, at = 0; i < path.len && at < sizeof error->path; i++) {
        bool is_nul = path.ptr[i] == '\0';
        size_t len = is_nul ? sizeof nul - 1 : 1;
        memcpy(text + at, is_nul ? nul : path.ptr + i, len);
        at += len;
    }
    memcpy(error->path, text, sizeof error->path - 1);
    ddbs_error__clean(error);
}

static ddbs_status lost(ddbs_error *error)
{
    return fail(error, DDBS_E_INEXACT, "cJSON would change it: a number that is no double, or text with U+0000");
}

/* Compare what was written with what cJSON makes of it. */
static ddbs_status compare(const ddbs_buf *json, const char *printed, ddbs_json_form form, ddbs_arena *arena,
                           ddbs_error *error)
{
    const ddbs_item *before, *after;
    ddbs_error inner;
    ddbs_diff diff = { NULL, 0 };
    DDBS_TRY(ddbs_item_read(json->ptr, json->len, form, arena, &before, error));
    ddbs_status status = ddbs_item_read(printed, strlen(printed), form, arena, &after, &inner);
    if (status == DDBS_E_MEMORY)
        return no_memory(error);
    if (status == DDBS_OK && ddbs_item_equal(before, after))
        return DDBS_OK;
    lost(error);
    if (error == NULL)
        return DDBS_E_INEXACT;
    if (status != DDBS_OK)
        memcpy(error->path, inner.path, sizeof error->path);
    else if (ddbs_diff_items(before, after, true, &diff) == DDBS_OK && diff.count > 0)
        set_path(error, diff.changes[0].path);
    return DDBS_E_INEXACT;
}

static ddbs_status check_tree(const ddbs_buf *json, const cJSON *tree, ddbs_json_form form, ddbs_error *error)
{
    ddbs_arena *arena;
    char *printed = cJSON_PrintUnformatted(tree);
    if (printed == NULL)
        return no_memory(error);
    ddbs_status status = ddbs_arena_new(&arena, 0);
    if (status == DDBS_OK) {
        status = compare(json, printed, form, arena, error);
        ddbs_arena_free(arena);
    } else {
        no_memory(error);
    }
    cJSON_free(printed);
    return status;
}

static ddbs_status make_tree(const ddbs_buf *json, ddbs_json_form form, cJSON **out, ddbs_error *error)
{
    cJSON *tree = cJSON_Parse(json->ptr);
    if (tree == NULL)
        return no_memory(error);
    ddbs_status status = check_tree(json, tree, form, error);
    if (status == DDBS_OK)
        *out = tree;
    else
        cJSON_Delete(tree);
    return status;
}

ddbs_status ddbs_item_to_cjson(const ddbs_item *item, ddbs_json_form form, cJSON **out, ddbs_error *error)
{
    ddbs_buf json = { .ptr = NULL };
    ddbs_error_clear(error);
    if (item == NULL)
        return fail(error, DDBS_E_MISSING, "there is no item");
    ddbs_status status = ddbs_item_write(item, form, &json);
    if (status == DDBS_OK) {
        shorten_numbers(&json);
        status = make_tree(&json, form, out, error);
    } else {
        no_memory(error);
    }
    ddbs_buf_free(&json);
    return status;
}

/* ---- A tree to text ------------------------------------------------------------------------------------------ */

/* A node and those around it: cJSON knows no parents. */
struct place {
    const cJSON *node;
    size_t index; /* in an array */
};

struct tour {
    struct place places[NODES_MAX];
    size_t depth;
};

static int kind_of(const cJSON *node)
{
    return node->type & 0xff; /* the bits above say who owns what */
}

/* Whether the text that cJSON prints for a number has the same value. strtod() may want another decimal point than a
 * full stop: then a fraction is refused. What DynamoDB cannot hold is left to the reader of an item's text. */
static bool is_printed_exactly(const cJSON *node, bool is_item)
{
    char text[NUMBER_TEXT];
    double again;
    cJSON number = { .type = cJSON_Number, .valuedouble = node->valuedouble, .valueint = node->valueint };
    if (!cJSON_PrintPreallocated(&number, text, sizeof text, 0))
        return false;
    ddbs_status status = ddbs_num_f64_rounded((ddbs_num){ text, strlen(text) }, &again, NULL);
    if (status == DDBS_E_LIMIT)
        return is_item || strtod(text, NULL) == node->valuedouble;
    return status == DDBS_OK && again == node->valuedouble;
}

/* Without <math.h>: NaN and infinity minus themselves are NaN. */
static bool is_finite(double number)
{
    return number - number == 0;
}

static ddbs_status check_number(const cJSON *node, bool is_item, ddbs_error *error)
{
    if (!is_finite(node->valuedouble))
        return fail(error, DDBS_E_SYNTAX, "a number that is not finite");
    if (!is_printed_exactly(node, is_item))
        return fail(error, DDBS_E_INEXACT,
                    "cJSON would print another number: it takes 15 digits where they come close");
    return DDBS_OK;
}

static ddbs_status check_node(const cJSON *node, bool is_item, ddbs_error *error)
{
    switch (kind_of(node)) {
    case cJSON_Number:
        return check_number(node, is_item, error);
    case cJSON_Raw:
        return node->valuestring != NULL ? DDBS_OK : fail(error, DDBS_E_SYNTAX, "raw JSON without text");
    case cJSON_False:
    case cJSON_True:
    case cJSON_NULL:
    case cJSON_String:
    case cJSON_Array:
    case cJSON_Object:
        return DDBS_OK;
    default:
        return fail(error, DDBS_E_SYNTAX, "a node of no valid type");
    }
}

static void path_of(const struct tour *tour, ddbs_error *error)
{
    for (size_t i = 1; i < tour->depth; i++) {
        const struct place *place = &tour->places[i];
        if (kind_of(tour->places[i - 1].node) == cJSON_Array)
            ddbs_error__path_index(error, place->index);
        else
            ddbs_error__path_name(error, ddbs_str_c(place->node->string == NULL ? "" : place->node->string));
    }
}

static bool has_children(const cJSON *node)
{
    return (kind_of(node) == cJSON_Array || kind_of(node) == cJSON_Object) && node->child != NULL;
}

/* Leave the places that are done for the next one beside them; those beside the root are no part of its tree. */
static void next_place(struct tour *tour)
{
    while (tour->depth > 1 && tour->places[tour->depth - 1].node->next == NULL)
        tour->depth--;
    struct place *place = &tour->places[tour->depth - 1];
    if (tour->depth == 1) {
        tour->depth = 0;
        return;
    }
    place->node = place->node->next;
    place->index++;
}

_Static_assert(NODES_MAX == 132, "as the texts say");

/* Check what cJSON does not: it prints null for numbers that are not finite, and is recursive without a limit. */
static ddbs_status check_nodes(const cJSON *tree, bool is_item, ddbs_error *error)
{
    struct tour tour = { .places = { { tree, 0 } }, .depth = 1 };
    while (tour.depth > 0) {
        const cJSON *node = tour.places[tour.depth - 1].node;
        ddbs_status status = check_node(node, is_item, error);
        if (status == DDBS_OK && has_children(node) && tour.depth == NODES_MAX)
            status = fail(error, DDBS_E_LIMIT,
                          is_item ? "attribute values nested deeper than 64" : "over 132 nodes inside each other");
        if (status != DDBS_OK) {
            path_of(&tour, error);
            return status;
        }
        if (has_children(node))
            tour.places[tour.depth++] = (struct place){ node->child, 0 };
        else
            next_place(&tour);
    }
    return DDBS_OK;
}

ddbs_status ddbs_item_from_cjson(const cJSON *tree, ddbs_json_form form, ddbs_arena *arena, const ddbs_item **out,
                                 ddbs_error *error)
{
    ddbs_error_clear(error);
    if (tree == NULL)
        return fail(error, DDBS_E_MISSING, "there is no cJSON tree");
    DDBS_TRY(check_nodes(tree, true, error));
    char *printed = cJSON_PrintUnformatted(tree);
    if (printed == NULL)
        return no_memory(error);
    ddbs_status status = ddbs_item_read(printed, strlen(printed), form, arena, out, error);
    cJSON_free(printed);
    return status;
}

/* ---- The state of a window -------------------------------------------------------------------------------------- */

ddbs_status ddbs_ctx_set_state_cjson(ddbs_ctx *ctx, const cJSON *state)
{
    ddbs_error *error = ddbs_ctx_error(ctx);
    ddbs_error_clear(error);
    if (state == NULL)
        return fail(error, DDBS_E_MISSING, "there is no cJSON tree");
    DDBS_TRY(check_nodes(state, false, error));
    char *printed = cJSON_PrintUnformatted(state);
    if (printed == NULL)
        return no_memory(error);
    ddbs_status status = ddbs_ctx_set_state(ctx, ddbs_str_c(printed));
    cJSON_free(printed);
    return status;
}
