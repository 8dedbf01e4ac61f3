/* kinesis.h: the consumer of kinesis.c, for main() and for its test. */
#ifndef KINESIS_H
#define KINESIS_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer kinesis;
#endif
