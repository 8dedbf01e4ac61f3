/* fraud.h: the consumer of fraud.c, for main() and for its test. */
#ifndef FRAUD_H
#define FRAUD_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer fraud;
#endif
