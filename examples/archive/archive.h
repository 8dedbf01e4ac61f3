/* archive.h: the consumer of archive.c, for main() and for its test. */
#ifndef ARCHIVE_H
#define ARCHIVE_H
#include <ddbstream/consumer.h>

extern const ddbs_consumer archive;
#endif
