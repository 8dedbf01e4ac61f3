/* program.h: whether a program starts and runs on Lambda, as far as its ELF file can tell. */
#ifndef PACKAGE_PROGRAM_H
#define PACKAGE_PROGRAM_H
#include <stddef.h>

struct program_rules {
    const char *arch; /* "x86_64" or "arm64"; NULL: any of the two */
    size_t size_max;  /* bytes of the file; 0: what Lambda takes unpacked, 250 MB */
    const char *const
        *forbidden; /* texts that must not occur in the file: folders of the machine that it was built on */
    size_t forbidden_count;
};

/* Lambda takes 250 MB unpacked, and 50 MB zipped when the zip is uploaded directly (developer guide, quotas). */
#define PROGRAM_SIZE_MAX ((size_t)250 * 1024 * 1024)
#define ZIP_SIZE_MAX     ((size_t)50 * 1024 * 1024)

/* Check a file against everything that Lambda or the rules demand. One line on stderr for each thing that is wrong,
 * with what to do about it. Returns an exit status: 0 nothing is wrong, 1 something is, 2 the file cannot be read. */
int program_check(const char *path, const struct program_rules *rules);

/* Print the build id, in hexadecimal, and a line feed. Returns an exit status as program_check() does. */
int program_print_id(const char *path);
#endif
