/* effects.h: what the wrong consumers of the tests share: an effect is a line in the journal that DDBS_JOURNAL names,
 * and now and then a record is refused, as by a service that is busy. */
#ifndef TESTS_EFFECTS_H
#define TESTS_EFFECTS_H
#include <ddbstream.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The effect of a record. A journal that cannot be written would make a test mean nothing. */
static inline void effect(const char *sequence)
{
    char line[DDBS_SEQUENCE_MAX + 2];
    const char *path = getenv("DDBS_JOURNAL");
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int len = snprintf(line, sizeof line, "%.*s\n", DDBS_SEQUENCE_MAX, sequence);
    if (file < 0 || write(file, line, (size_t)len) != len)
        abort();
    close(file);
}

/* Each fifth call, which is not the first one of a process. */
static inline bool is_busy(void)
{
    static int calls;
    return ++calls % 5 == 0;
}
#endif
