/* orders.h: the consumer of orders.c, for main() and for its test. */
#ifndef ORDERS_H
#define ORDERS_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer orders;
#endif
