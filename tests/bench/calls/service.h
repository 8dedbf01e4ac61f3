/* service.h: a Firehose that costs as little as it can, to measure calls against. It stores nothing and checks what the
 * row of the benchmark is about: that requests are signed and within the limits, and how many they are. */
#ifndef TESTS_BENCH_SERVICE_H
#define TESTS_BENCH_SERVICE_H
#include <stddef.h>

/* What one PutRecordBatch may hold (Firehose API reference, PutRecordBatch: 500 records, 4 MB). */
enum { SERVICE_RECORDS_MAX = 500, SERVICE_BYTES_MAX = 4000000 };

/* What it has got, in memory that it shares with who started it. Read it when all answers have come. */
struct service_counts {
    size_t requests, records;
};

/* Start it as a process of its own, which ends with this one; its port on 127.0.0.1 goes to `port`. */
volatile struct service_counts *service_start(unsigned short *port);

/* The answer to a request of so many records: all of them are stored. NUL-terminated; valid until the next call. */
const char *service_answer(size_t records, size_t *len);

/* The records in the body of a request. */
size_t service_count(const char *body, size_t len);
#endif
