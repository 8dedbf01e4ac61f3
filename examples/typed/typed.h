/* typed.h: the consumer of typed.c, for main() and for its test. */
#ifndef TYPED_H
#define TYPED_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer typed;
#endif
