/* raw.h: between the raw loop and what it does with an event. */
#ifndef TESTS_BENCH_RAW_H
#define TESTS_BENCH_RAW_H
#include <stddef.h>

/* `len` bytes of an event; they may be written to. */
void raw_use(char *event, size_t len);
#endif
