/* esm_file.c: see esm_file.h. */
#include "esm_file.h"

#include "command.h"

#include <stdio.h>
#include <stdlib.h>

/* AWS takes no request near this size. */
enum { FILE_BYTES_MAX = 1024 * 1024 };

int esm_load(struct esm *out, const char *path, char *why, size_t why_size)
{
    struct esm_reading how = { .name = path };
    char *text;
    size_t len;
    *out = (struct esm){ .filter = NULL };
    if (command_read(path, FILE_BYTES_MAX + 1, &text, &len, why, why_size) != 0)
        return -1;
    bool read = len <= FILE_BYTES_MAX;
    if (read)
        read = esm_read(out, text, len, &how, why, why_size);
    else
        snprintf(why, why_size, "%s: larger than 1 MiB, which no mapping is", path);
    free(text);
    return read ? 0 : -1;
}
