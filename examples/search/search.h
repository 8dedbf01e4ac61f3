/* search.h: the consumer of search.c, for main() and for its test. */
#ifndef SEARCH_H
#define SEARCH_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer search;
#endif
