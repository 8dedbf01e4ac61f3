/* analytics.h: the consumer of analytics.c, for main() and for its test. */
#ifndef ANALYTICS_H
#define ANALYTICS_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer analytics;
#endif
