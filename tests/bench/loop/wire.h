/* wire.h: what the programs of this folder share: a file, a clock, a socket, the head of an HTTP message. None returns
 * when something goes wrong. */
#ifndef TESTS_BENCH_WIRE_H
#define TESTS_BENCH_WIRE_H
#include <stddef.h>
#include <stdint.h>

/* The name that wire_fail() begins its line with; each program has one. */
extern const char WIRE_PROGRAM[];

void wire_fail(const char *why) __attribute__((noreturn));

/* Nanoseconds since some moment. */
int64_t wire_now(void);

/* A file with room for `before` bytes in front of it; freed by nobody. */
char *wire_read(const char *path, size_t before, size_t *len);

/* A connection to a port of this machine, without delay. */
int wire_connect(unsigned short port);

/* Send small packets at once. */
void wire_no_delay(int fd);

void wire_send(int fd, const char *bytes, size_t len);

/* The value of a header, as it stands in a NUL-terminated head, or NULL. `name` ends with ':'. */
const char *wire_header(const char *head, const char *name);

/* The length that a head announces, 0 without one. */
size_t wire_content_length(const char *head);
#endif
