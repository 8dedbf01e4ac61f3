/* ddbstream/convert.h: items as JSON text and back, compressed Binary.
 *
 *     ddbs_buf body = { 0 };
 *     ddbs_status status = ddbs_item_write(rec->new_image, DDBS_JSON_PLAIN, &body);
 *     if (status == DDBS_OK)
 *         printf("%s\n", body.ptr);
 *     ddbs_buf_free(&body);
 *     return status;
 *
 * Two forms of JSON:
 *   DDBS_JSON_TYPED  DynamoDB JSON, {"qty":{"N":"3"}}: nothing is lost, number text stays as it is.
 *   DDBS_JSON_PLAIN  {"qty":3}: what other programs read. Numbers keep all their digits (readers that use a double do
 *                    not), Binary becomes base64 in a string, the three sets arrays; which of them a string or an array
 *                    was cannot be told any more. */
#ifndef DDBSTREAM_CONVERT_H
#define DDBSTREAM_CONVERT_H
#include <ddbstream/value.h>
#ifdef __cplusplus
extern "C" {
#endif

/* A growing text of the caller's. Zeroed it is empty and valid, and its memory is malloc's: free it with
 * ddbs_buf_free(). With `arena` set it grows in that arena and lives as long as what comes from there. To use one
 * again, set len to 0. */
typedef struct ddbs_buf {
    char *ptr; /* followed by a NUL once something was written; NULL before */
    size_t len;
    size_t capacity;
    ddbs_arena *arena;
    bool failed; /* memory was exhausted; for the library's own use */
} ddbs_buf;

/** Append bytes. DDBS_OK, or DDBS_E_MEMORY and nothing was appended. */
DDBS_API ddbs_status ddbs_buf_append(ddbs_buf *buf, const void *bytes, size_t len) DDBS_MUST_CHECK;

/** Append text as printf writes it. DDBS_OK, or DDBS_E_MEMORY and nothing was appended. */
DDBS_API ddbs_status ddbs_buf_format(ddbs_buf *buf, const char *format, ...) DDBS_PRINTF(2, 3) DDBS_MUST_CHECK;

/** Append text as a JSON string, quotes and escapes included; {NULL, 0} is written as null.
 *  @param text  UTF-8
 *  @return DDBS_OK, or DDBS_E_MEMORY and nothing was appended */
DDBS_API ddbs_status ddbs_buf_json(ddbs_buf *buf, ddbs_str text) DDBS_MUST_CHECK;

/** What is in a buffer, as text and as bytes; good until it is written to. Empty where nothing was written, and never
 *  NULL. */
DDBS_API ddbs_str ddbs_buf_str(const ddbs_buf *buf);
DDBS_API ddbs_bytes ddbs_buf_bytes(const ddbs_buf *buf);

/** Give back the memory, unless it is an arena's, and make the text empty. */
DDBS_API void ddbs_buf_free(ddbs_buf *buf);

typedef enum ddbs_json_form { DDBS_JSON_PLAIN, DDBS_JSON_TYPED } ddbs_json_form;

/**
 * Append an item as one compact JSON object, attributes in their order.
 * @return DDBS_OK; DDBS_E_MISSING for NULL; DDBS_E_MEMORY. Nothing was appended unless DDBS_OK
 */
DDBS_API ddbs_status ddbs_item_write(const ddbs_item *item, ddbs_json_form form, ddbs_buf *out) DDBS_MUST_CHECK;

/** The same for one value: "3" or {"N":"3"}. */
DDBS_API ddbs_status ddbs_value_write(const ddbs_value *value, ddbs_json_form form, ddbs_buf *out) DDBS_MUST_CHECK;

/**
 * Read an item from JSON text: an object, and nothing behind it. From plain JSON come S, N, BOOL, NULL, L and M;
 * numbers keep their text.
 * @param json   `len` bytes of UTF-8; not needed afterwards
 * @param arena  gets the item; what fails leaves nothing there
 * @param error  NULL, or gets the offset, the path inside the item, and the reason
 * @return DDBS_OK
 *         DDBS_E_SYNTAX     not UTF-8, not JSON, base64 or a number that is none
 *         DDBS_E_TYPE       no object; typed: a type that is none
 *         DDBS_E_LIMIT      a number that DynamoDB cannot hold; values nested deeper than DDBS_VALUE_DEPTH_MAX; over
 *                           1 GiB of text
 *         DDBS_E_DUPLICATE  a name twice in one object
 *         DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_item_read(const char *json, size_t len, ddbs_json_form form, ddbs_arena *arena,
                                    const ddbs_item **out, ddbs_error *error) DDBS_MUST_CHECK;

/**
 * Append what a gzip or zlib stream unpacks to: the documented way to keep large values in Binary (developer guide,
 * bp-use-s3-too). Which of the two it is shows in its first bytes; several gzip members count as one.
 * @param limit  most bytes that may come out; what would be larger is an error before it is unpacked, whatever the
 *               stream says about its size
 * @return DDBS_OK
 *         DDBS_E_SYNTAX  no such stream, damaged, cut off, or followed by something else
 *         DDBS_E_LIMIT   more than `limit` bytes
 *         DDBS_E_MEMORY  nothing was appended unless DDBS_OK
 */
DDBS_API ddbs_status ddbs_inflate(ddbs_bytes packed, size_t limit, ddbs_buf *out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
