/* ddbstream/filter.h: FilterCriteria of an event source mapping, in the function.
 *
 * The same patterns that Lambda takes (developer guide, invocation-eventfiltering, with-ddb-filtering), read once and
 * then matched against records: to test a pattern before it is deployed, or to select in a handler.
 *
 *     ddbs_str paid = ddbs_str_c("{\"dynamodb\":{\"NewImage\":{\"status\":{\"S\":[\"PAID\"]}}}}");
 *     ddbs_filter *filter;
 *     bool passes;
 *     DDBS_TRY(ddbs_filter_new_patterns(&filter, &paid, 1, &error));
 *     ddbs_status status = ddbs_filter_match(filter, rec, &passes);
 *     ddbs_filter_free(filter);
 *     return status;
 *
 * A pattern is an object that mirrors the record as it stands in the event, DynamoDB's type letters included. Its
 * leaves are arrays of what is allowed there; several names must all match. A record passes if one of the patterns
 * matches.
 *
 *     ["PAID"], [""], [7], [true], [null]        equal: a string, a number by value, a literal
 *     [{"equals-ignore-case":"paid"}]            without regard to the case of letters (ASCII)
 *     [{"prefix":"EU-"}], [{"suffix":".png"}]    the begin or end of a string; also
 *                                                {"prefix":{"equals-ignore-case":"eu-"}}
 *     [{"anything-but":["A","B"]}]               there, and none of these strings or numbers; also with a prefix,
 *                                                suffix or equals-ignore-case inside
 *     [{"numeric":[">",0,"<=",5]}]               a JSON number in the range; = < <= > >=
 *     [{"exists":true}], [{"exists":false}]      a leaf of the record, a value that is no object, is there, or not
 *     {"$or":[{...},{...}]}                      one of these objects matches here
 *
 * The elements of an array in the record count one by one; names inside an array of objects must match in the same
 * element. A name twice in a pattern: the last one counts. N is a string in the event: [7] and `numeric` never match
 * it, ["7"] does; `ddbstream filter` finds such patterns. */
#ifndef DDBSTREAM_FILTER_H
#define DDBSTREAM_FILTER_H
#include <ddbstream/event.h>
#ifdef __cplusplus
extern "C" {
#endif

#define DDBS_FILTER_PATTERN_MAX 4096 /* bytes of a pattern (Lambda: characters) */
#define DDBS_FILTER_COUNT_MAX   10   /* patterns of a mapping; Lambda allows 5, and 10 on request */

typedef struct ddbs_filter ddbs_filter; /* unchanged once made: any number of threads may match with it */

/**
 * Read FilterCriteria, {"Filters":[{"Pattern":"..."}]}, as they stand in CreateEventSourceMapping. No filter at all, {}
 * or {"Filters":[]}, lets every record pass.
 * @param out    the caller's, to be freed with ddbs_filter_free()
 * @param error  NULL, or gets the path, the offset in the pattern, and the reason
 * @return DDBS_OK
 *         DDBS_E_SYNTAX  not JSON, or not a pattern: what Lambda refuses as "Invalid filter pattern definition."
 *         DDBS_E_TYPE    JSON, but not FilterCriteria
 *         DDBS_E_LIMIT   too many or too long patterns, nested deeper than DDBS_VALUE_DEPTH_MAX, an impossible number
 *         DDBS_E_MEMORY
 */
DDBS_API ddbs_status ddbs_filter_new(ddbs_filter **out, ddbs_str criteria, ddbs_error *error) DDBS_MUST_CHECK;

/** The same from bare patterns: the texts inside "Pattern". No pattern lets every record pass. */
DDBS_API ddbs_status ddbs_filter_new_patterns(ddbs_filter **out, const ddbs_str *patterns, size_t count,
                                              ddbs_error *error) DDBS_MUST_CHECK;

/** Free a filter. Does nothing for NULL. */
DDBS_API void ddbs_filter_free(ddbs_filter *filter);

/**
 * Whether a record passes. Allocates nothing; reads the record's text once for each pattern, and once more for each
 * alternative of an $or.
 * @return DDBS_OK; DDBS_E_USAGE for a record of the Kinesis feed, where mappings match the content of `data`: give that
 *         to ddbs_filter_match_json()
 */
DDBS_API ddbs_status ddbs_filter_match(const ddbs_filter *filter, const ddbs_record *rec, bool *out) DDBS_MUST_CHECK;

/** The same for any JSON object: ddbs_event_raw() of a record that is not decoded, for one. DDBS_OK, DDBS_E_SYNTAX (not
 *  JSON; UTF-8 is not checked), DDBS_E_LIMIT (nested deeper than DDBS_EVENT_DEPTH_MAX). */
DDBS_API ddbs_status ddbs_filter_match_json(const ddbs_filter *filter, ddbs_str json, bool *out) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
