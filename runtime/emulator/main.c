/* main.c: the `ddbstream` command: finds the command that was asked for. */
#include "command.h"

#include <ddbstream/base.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *what;
} COMMANDS[] = {
    { "decode", cmd_decode, "print an event as one JSON line per record" },
    { "filter", cmd_filter, "try FilterCriteria on events, and find patterns that can never match" },
    { "gen", cmd_gen, "make events to test with" },
    { "lint", cmd_lint, "find settings that lose records or block a shard, in mappings and templates" },
    { "redrive", cmd_redrive, "play what a mapping gave up through a function once more" },
    { "run", cmd_run, "play a stream through a function, as an event source mapping does" },
    { "serve", cmd_serve, "offer the Runtime API and an Invoke URL to any function" },
    { "symbolize", cmd_symbolize, "say which functions and lines a crash report in a log is about" },
    { "table", cmd_table, "a DynamoDB table with a stream, for the AWS CLI and SDKs" },
};
enum { COMMAND_COUNT = sizeof COMMANDS / sizeof *COMMANDS };

static void usage(FILE *out)
{
    fputs("usage: ddbstream COMMAND [options]\n\n"
          "AWS Lambda and DynamoDB streams on this machine, without an account.\n\n",
          out);
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        fprintf(out, "  %-9s %s\n", COMMANDS[i].name, COMMANDS[i].what);
    fputs("\n"
          "`ddbstream COMMAND --help` or `ddbstream help COMMAND` tells more; --version prints the version.\n"
          "\n"
          "Example:\n"
          "  ddbstream decode event.json\n",
          out);
}

static const struct command *find(const char *name)
{
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

/* How many letters two words share, each at most two places away from where the other has it. */
static size_t likeness(const char *a, const char *b)
{
    size_t shared = 0, len = strlen(b);
    for (size_t i = 0; a[i] != '\0'; i++)
        for (size_t at = i < 2 ? 0 : i - 2; at <= i + 2 && at < len; at++)
            if (a[i] == b[at]) {
                shared++;
                break;
            }
    return shared;
}

static size_t distance(size_t a, size_t b)
{
    return a > b ? a - b : b - a;
}

/* The command that somebody may have meant, or NULL: it shares the most letters, among equals it is the one of the most
 * alike length. */
static const struct command *guess(const char *name)
{
    const struct command *best = NULL;
    size_t best_shared = 0, best_distance = 0;
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t len = strlen(COMMANDS[i].name), shared = likeness(COMMANDS[i].name, name);
        size_t away = distance(len, strlen(name));
        if (shared * 2 <= len || shared * 2 < strlen(name) || shared < best_shared ||
            (shared == best_shared && away >= best_distance))
            continue;
        best_shared = shared;
        best_distance = away;
        best = &COMMANDS[i];
    }
    return best;
}

static int unknown(const char *name)
{
    const struct command *meant = guess(name);
    if (meant != NULL)
        fprintf(stderr, "ddbstream: there is no command \"%s\"; did you mean \"%s\"?\n", name, meant->name);
    else
        fprintf(stderr, "ddbstream: there is no command \"%s\"; `ddbstream --help` lists them\n", name);
    return EXIT_CANNOT_RUN;
}

static int help(int argc, char **argv)
{
    char option[] = "--help";
    if (argc < 2) {
        usage(stdout);
        return EXIT_HELD;
    }
    const struct command *command = find(argv[1]);
    return command == NULL ? unknown(argv[1]) : command->run(2, (char *[]){ argv[1], option, NULL });
}

/* Where a standard file is closed, the next file that is opened would take its place and be given what was meant for
 * the screen. Something that fails when it is used goes there instead. */
static bool occupy(int standard, int unusable)
{
    return fcntl(standard, F_GETFD) >= 0 || errno != EBADF || open("/dev/null", unusable) == standard;
}

static int run_command(int argc, char **argv)
{
    if (argc < 2) {
        usage(stderr);
        return EXIT_CANNOT_RUN;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help(argc - 1, argv + 1);
    if (strcmp(argv[1], "--version") == 0) {
        printf("ddbstream %s\n", ddbs_version());
        return EXIT_HELD;
    }
    const struct command *command = find(argv[1]);
    return command == NULL ? unknown(argv[1]) : command->run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    if (!occupy(STDIN_FILENO, O_WRONLY) || !occupy(STDOUT_FILENO, O_RDONLY) || !occupy(STDERR_FILENO, O_RDONLY))
        return EXIT_CANNOT_RUN;
    int status = run_command(argc, argv);
    bool written = fflush(stdout) == 0 && ferror(stdout) == 0;
    if (written || status == EXIT_CANNOT_RUN) /* that has said why */
        return status;
    fputs("ddbstream: standard output: not everything could be written\n", stderr);
    return EXIT_CANNOT_RUN;
}
