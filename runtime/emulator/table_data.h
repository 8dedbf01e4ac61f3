/* table_data.h: the file behind `ddbstream table --data`: an append-only log of what was changed.
 *
 * The first line names the format; each further one is the CRC-32 of a line of JSON, a blank and that line. A line
 * counts when it is complete; it is on the disk before its request is answered. A crash can tear the last one only,
 * which is cut off at the next start. */
#ifndef EMULATOR_TABLE_DATA_H
#define EMULATOR_TABLE_DATA_H
#include "runtime/table/table.h"

struct table_data;

/* Open or make the file, lock it, and do again in `db` what it says. Returns 0; -1 with a sentence in `why`. `*torn`
 * gets whether a broken line was cut off at its end. */
int table_data_open(struct table_data **out, const char *path, struct table_db *db, bool *torn, char *why,
                    size_t why_size);

/* Append a line and wait until it is on the disk: for table_keep(). What fails half-way is taken back. */
bool table_data_keep(void *data, const char *line, size_t len);

void table_data_close(struct table_data *data);
#endif
