/* fanout.h: the consumer of fanout.c, for main() and for its test. */
#ifndef FANOUT_H
#define FANOUT_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer fanout;
#endif
