/* pack.c: what package.sh cannot do in shell: check a program, write and read back the zip, send one event. Runs on the
 * machine that packages; no part of the function. */
#include "invoke.h"
#include "program.h"
#include "runtime/emulator/command.h"
#include "zip.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] = "usage: pack check [--arch ARCH] [--limit BYTES] [--forbid TEXT]... PROGRAM\n"
                           "       pack id PROGRAM\n"
                           "       pack zip PROGRAM ZIP\n"
                           "       pack verify ZIP PROGRAM\n"
                           "       pack invoke URL EVENT\n"
                           "\n"
                           "check: does the program start on Lambda; id: its build id; zip: write the zip, its time\n"
                           "from SOURCE_DATE_EPOCH; verify: read it back; invoke: post an event, print the answer.\n"
                           "Exit status: 0 it held, 1 it did not, 2 it could not be tried.\n";

enum { FORBIDDEN_MAX = 64 };

static int misused(const char *why)
{
    fprintf(stderr, "pack: %s\n%s", why, HELP);
    return EXIT_CANNOT_RUN;
}

/* A folder of the machine, or NULL when `text` is too short to be told from other content. */
static const char *forbidden_text(const char *text)
{
    return strlen(text) < 4 ? NULL : text;
}

static int run_check(char **arguments)
{
    const char *forbidden[FORBIDDEN_MAX];
    struct program_rules rules = { .forbidden = forbidden };
    long long limit;
    for (; arguments[0] != NULL && arguments[1] != NULL; arguments += 2) {
        if (strcmp(arguments[0], "--arch") == 0)
            rules.arch = arguments[1];
        else if (strcmp(arguments[0], "--forbid") == 0 && rules.forbidden_count < FORBIDDEN_MAX &&
                 forbidden_text(arguments[1]) != NULL)
            forbidden[rules.forbidden_count++] = arguments[1];
        else if (strcmp(arguments[0], "--limit") == 0 && command_number(arguments[1], 1, INT32_MAX, &limit) == 0)
            rules.size_max = (size_t)limit;
        else
            return misused("check: cannot use these options");
    }
    return arguments[0] == NULL || arguments[0][0] == '-' ? misused("check: which program?")
                                                          : program_check(arguments[0], &rules);
}

/* Without SOURCE_DATE_EPOCH the earliest time that a zip can hold: what is built from the same sources is the same. */
static int run_zip(char **arguments)
{
    const char *text = getenv("SOURCE_DATE_EPOCH");
    long long seconds = 0;
    if (text != NULL && command_number(text, 0, INT64_MAX, &seconds) != 0)
        return misused("SOURCE_DATE_EPOCH is no number of seconds");
    return zip_write(arguments[0], arguments[1], seconds);
}

static int run(const char *command, int count, char **arguments)
{
    if (strcmp(command, "check") == 0)
        return run_check(arguments);
    if (strcmp(command, "id") == 0 && count == 1)
        return program_print_id(arguments[0]);
    if (strcmp(command, "zip") == 0 && count == 2)
        return run_zip(arguments);
    if (strcmp(command, "verify") == 0 && count == 2)
        return zip_verify(arguments[0], arguments[1]);
    if (strcmp(command, "invoke") == 0 && count == 2)
        return invoke(arguments[0], arguments[1]);
    return misused("no such command, or not with so many arguments");
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return misused("which command?");
    if (strcmp(argv[1], "--help") == 0) {
        fputs(HELP, stdout);
        return EXIT_HELD;
    }
    return run(argv[1], argc - 2, argv + 2);
}
