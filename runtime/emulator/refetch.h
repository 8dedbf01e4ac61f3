/* refetch.h: the event of an on-failure record that does not hold it: its records are read from the stream again, which
 * has them for 24 hours. */
#ifndef EMULATOR_REFETCH_H
#define EMULATOR_REFETCH_H
#include "onfailure.h"

#include <ddbstream/convert.h>
#include <ddbstream/filter.h>

/* The records from `first` to `last` of the shard, those that pass the filter (NULL: all), as an event in `out`;
 * `*count` tells how many. 0, or -1 with a sentence in `why`. */
int refetch(const struct onfailure *record, const char *endpoint, const ddbs_filter *filter, ddbs_buf *out,
            size_t *count, char *why, size_t why_size);
#endif
