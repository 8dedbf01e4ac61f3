/* ddbstream/cjson.h: a bridge for programs that hold cJSON trees. Not part of ddbstream.h: link with -lcjson.
 *
 *     cJSON *tree;
 *     DDBS_TRY(ddbs_item_to_cjson(rec->new_image, DDBS_JSON_PLAIN, &tree, ddbs_ctx_error(ctx)));
 *     cJSON_Delete(tree);
 *
 * cJSON holds numbers as double and text as C strings. What it would change is refused here, in both directions: no
 * digit and no U+0000 gets lost on the way. */
#ifndef DDBSTREAM_CJSON_H
#define DDBSTREAM_CJSON_H
#include <cjson/cJSON.h>
#include <ddbstream/consumer.h>
#include <ddbstream/convert.h>
#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a cJSON tree of an item, in one of the two forms of convert.h.
 * @param out    the caller's, to be freed with cJSON_Delete()
 * @param error  NULL, or gets the path and the reason
 * @return DDBS_OK
 *         DDBS_E_MISSING  the item is NULL
 *         DDBS_E_INEXACT  cJSON would print it as something else: a plain number that a double does not carry (take the
 *                         typed form, whose numbers are strings), text with U+0000 inside
 *         DDBS_E_LIMIT    plain: a set in the deepest value, an array too deep to be read back
 *         DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_item_to_cjson(const ddbs_item *item, ddbs_json_form form, cJSON **out,
                                        ddbs_error *error) DDBS_MUST_CHECK;

/**
 * Make an item of a cJSON object, as ddbs_item_read does of the text that cJSON_Print makes of it.
 * @param tree  unchanged, the caller's
 * @return as ddbs_item_read, with offsets in that text; DDBS_E_MISSING for NULL, DDBS_E_INEXACT for a double that cJSON
 *         would print as another number, DDBS_E_SYNTAX for one that is not finite
 */
DDBS_API ddbs_status ddbs_item_from_cjson(const cJSON *tree, ddbs_json_form form, ddbs_arena *arena,
                                          const ddbs_item **out, ddbs_error *error) DDBS_MUST_CHECK;

/**
 * Set the state of a tumbling window to what cJSON prints for an object, as ddbs_ctx_set_state does with text. The way
 * back is cJSON's own:
 *
 *     ddbs_str text = ddbs_ctx_state(ctx);
 *     cJSON *state = cJSON_ParseWithLength(text.ptr, text.len);
 *     cJSON_AddNumberToObject(state, "orders", 7);
 *     ddbs_status status = ddbs_ctx_set_state_cjson(ctx, state);
 *     cJSON_Delete(state);
 *     return status;
 *
 * @param state  unchanged, the caller's
 * @return as ddbs_ctx_set_state; DDBS_E_MISSING for NULL, DDBS_E_INEXACT for a double that cJSON would print as another
 *         number, DDBS_E_SYNTAX for one that is not finite, DDBS_E_LIMIT for more than 132 nodes inside each other; the
 *         state is then as it was, and ddbs_ctx_error() says why
 */
DDBS_API ddbs_status ddbs_ctx_set_state_cjson(ddbs_ctx *ctx, const cJSON *state) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
