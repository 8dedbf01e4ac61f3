/* welcome.h: the consumer of welcome.c, for main() and for its test. */
#ifndef WELCOME_H
#define WELCOME_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer welcome;
#endif
