/* record.h: what a mapping needs to know of a stream record, read from its JSON without decoding it: a record that does
 * not decode is the function's business, and has a key and a time all the same. */
#ifndef MAPPING_RECORD_H
#define MAPPING_RECORD_H
#include <ddbstream/base.h>

#define MAPPING_NO_TIME INT64_MIN

/* dynamodb.ApproximateCreationDateTime of a record's JSON object (UTF-8) in milliseconds, parts of one dropped;
 * MAPPING_NO_TIME where there is none before the year 10000, or what comes before it is no JSON. */
int64_t mapping_record_created(ddbs_str json);

/* A hash of the value of attribute `name` of dynamodb.Keys; of all Keys where `name` is {NULL, 0} or not one of them.
 * Equal for values that differ in white space or escapes only. 0 where there are no Keys. */
uint64_t mapping_record_key(ddbs_str json, ddbs_str name);

/* The name of the first attribute of dynamodb.Keys as it stands in the text, {NULL, 0} where there is none or its name
 * has escapes. Records do not say which attribute is the partition key; DynamoDB was seen to write it first. */
ddbs_str mapping_record_first_key(ddbs_str json);
#endif
