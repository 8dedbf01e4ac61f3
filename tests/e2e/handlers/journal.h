/* journal.h: a handler of the tests writes a line for each thing it has finished to the file that TEST_JOURNAL names,
 * so that a test can compare what was done with what was acknowledged. */
#ifndef TESTS_JOURNAL_H
#define TESTS_JOURNAL_H
#include <ddbstream.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Append "WORD TEXT", in one write(2). A journal that cannot be written would make a test mean nothing. */
static inline void journal(const char *word, ddbs_str text)
{
    char line[8192];
    const char *path = getenv("TEST_JOURNAL");
    int file = path == NULL ? -1 : open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);
    int len = snprintf(line, sizeof line, "%s %.*s\n", word, (int)text.len, text.ptr == NULL ? "" : text.ptr);
    if (file < 0 || len < 0 || (size_t)len >= sizeof line || write(file, line, (size_t)len) != len)
        abort();
    close(file);
}
#endif
