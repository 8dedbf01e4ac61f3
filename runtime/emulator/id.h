/* id.h: random identifiers that look like those of AWS. */
#ifndef EMULATOR_ID_H
#define EMULATOR_ID_H
#include <stddef.h>

enum { ID_UUID_SIZE = 37 };

/* `digits` random lower-case hexadecimal digits and a NUL. */
void id_hex(char *out, size_t digits);

/* A random UUID (version 4) as text. */
void id_uuid(char out[ID_UUID_SIZE]);
#endif
