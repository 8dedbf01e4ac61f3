/* inventory.h: the consumer of inventory.c, for main() and for its test. */
#ifndef INVENTORY_H
#define INVENTORY_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer inventory;
#endif
