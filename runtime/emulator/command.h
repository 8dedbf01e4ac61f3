/* command.h: the commands of `ddbstream`, one file each (cmd_<name>.c), and what they share.
 *
 * A command gets its own name as argv[0] and returns the exit status: 0 it held, 1 the check failed or the input is
 * bad, 2 the command could not run. */
#ifndef EMULATOR_COMMAND_H
#define EMULATOR_COMMAND_H
#include <stddef.h>
#include <zlib.h>

enum { EXIT_HELD = 0, EXIT_BAD_INPUT = 1, EXIT_CANNOT_RUN = 2 };

int cmd_decode(int argc, char **argv);
int cmd_filter(int argc, char **argv);
int cmd_gen(int argc, char **argv);
int cmd_lint(int argc, char **argv);
int cmd_redrive(int argc, char **argv);
int cmd_run(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_symbolize(int argc, char **argv);
int cmd_table(int argc, char **argv);

/* Say on stderr what is wrong with a command line, "ddbstream NAME: <text>", and point to --help. Returns
 * EXIT_CANNOT_RUN. */
int command_misused(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Say on stderr why a command cannot go on, "ddbstream NAME: <text>". Returns EXIT_CANNOT_RUN. */
int command_failed(const char *name, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Read a whole decimal number between `min` and `max`; 0 when `text` is one, -1 otherwise. */
int command_number(const char *text, long long min, long long max, long long *out);

/* Whether a file can be run: 0, or -1 with errno; EISDIR for a folder, which access() finds executable. */
int command_program(const char *path);

/* Open a file to read it, "-" is standard input; gzip is unpacked. NULL with a sentence in `why`: also for a folder. */
gzFile command_open(const char *path, char *why, size_t why_size);

/* Why gzread could not go on, or that a gzip file was cut off; NULL: nothing is wrong. Reads errno: ask at once. */
const char *command_gzip_error(gzFile file);

/* The content of a file, NUL-terminated; "-" is standard input; gzip is unpacked. Of a larger one the first `limit`
 * bytes: ask for one more than is allowed to tell. The caller frees it. Returns 0, or -1 with a sentence in `why`. */
int command_read(const char *path, size_t limit, char **out, size_t *len, char *why, size_t why_size);
#endif
