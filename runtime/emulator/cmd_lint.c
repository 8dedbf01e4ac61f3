/* cmd_lint.c: `ddbstream lint`, mappings and templates looked at for what loses records or blocks a shard. */
#include "command.h"
#include "esm_file.h"
#include "lint.h"

#include <ddbstream/convert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 20, WHY_MAX = 1024 };

static const char HELP[] =
    "usage: ddbstream lint [--env DDBS_REPORT=MODE] [--strict] FILE...\n"
    "\n"
    "Look at event source mappings for settings that lose records or block a shard.\n"
    "\n"
    "  FILE                     esm.json, as create-event-source-mapping takes it, or a SAM or\n"
    "                           CloudFormation template in JSON or YAML; \"-\" is standard input\n"
    "  --env DDBS_REPORT=MODE   what the function of an esm.json has in its environment: error or items\n"
    "  --strict                 warnings count like errors\n"
    "\n"
    "Exit status: 0 nothing is wrong (warnings aside), 1 something loses records or blocks a shard,\n"
    "2 a file cannot be read.\n"
    "\n"
    "Example:\n"
    "  ddbstream lint template.yaml\n";

struct command {
    const char *mode; /* of --env; NULL: not given */
    bool strict;
    const char *path; /* of the file at hand */
    size_t errors, warnings;
};

/* ---- Options ---- */

static bool read_env(struct command *command, const char *text)
{
    static const char name[] = "DDBS_REPORT=";
    if (strncmp(text, name, sizeof name - 1) != 0)
        return false;
    command->mode = text + sizeof name - 1;
    return strcmp(command->mode, "items") == 0 || strcmp(command->mode, "error") == 0;
}

/* 0 to go on, else the exit status plus one. */
static int read_options(int argc, char **argv, struct command *command)
{
    static const struct option known[] = { { "env", required_argument, NULL, 'e' },
                                           { "strict", no_argument, NULL, 's' },
                                           { "help", no_argument, NULL, 'h' },
                                           { NULL, 0, NULL, 0 } };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option == 'h') {
            fputs(HELP, stdout);
            return EXIT_HELD + 1;
        }
        if (option == 's')
            command->strict = true;
        else if (option != 'e')
            return 1 + command_misused("lint", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        else if (!read_env(command, optarg))
            return 1 + command_misused("lint", "--env: expected DDBS_REPORT=items or DDBS_REPORT=error");
    }
    return optind < argc ? 0 : 1 + command_misused("lint", "FILE is missing: an esm.json or a template");
}

/* ---- Files ---- */

static void print(void *user, const struct lint_finding *finding)
{
    struct command *command = user;
    bool error = finding->severity == LINT_ERROR;
    command->errors += error;
    command->warnings += !error;
    printf("%s:%zu: %s: %s%s%s\n", command->path, finding->line, error ? "error" : "warning", finding->where,
           finding->where[0] == '\0' ? "" : ": ", finding->sentence);
}

/* What AWS would refuse, in the words of the command that plays a mapping. */
static void check_with_aws(struct lint *lint, const char *path)
{
    struct esm esm;
    char why[WHY_MAX];
    struct command *command = lint->user;
    if (strcmp(path, "-") == 0)
        return;
    if (esm_load(&esm, path, why, sizeof why) != 0) {
        command->errors++;
        printf("%s\n", why);
    }
    esm_free(&esm);
}

static bool lint_document(struct lint *lint, const struct yaml *root)
{
    const struct command *command = lint->user;
    if (yaml_at(root, "EventSourceArn") == NULL)
        return lint_template(lint, root);
    check_with_aws(lint, command->path);
    lint_mapping(lint, &(struct lint_mapping){ .settings = root,
                                               .line = root->line,
                                               .where = "",
                                               .function_known = command->mode != NULL,
                                               .mode_given = command->mode });
    return true;
}

static int lint_text(struct command *command, ddbs_arena *arena, const char *text, size_t len)
{
    char why[WHY_MAX];
    struct lint lint = { .report = print, .user = command, .arena = arena };
    const struct yaml *root = yaml_parse(arena, text, len, why, sizeof why);
    if (root == NULL)
        return command_failed("lint", "%s: %s", command->path, why);
    if (!lint_document(&lint, root))
        return command_failed("lint", "%s: neither a mapping (EventSourceArn) nor a template (Resources)",
                              command->path);
    if (lint.mappings == 0)
        return command_failed("lint", "%s: there is no mapping of a stream in it", command->path);
    return EXIT_HELD;
}

static int lint_file(struct command *command, const char *path)
{
    char *text, why[WHY_MAX];
    size_t len;
    ddbs_arena *arena;
    if (command_read(path, FILE_BYTES_MAX + 1, &text, &len, why, sizeof why) != 0)
        return command_failed("lint", "%s", why);
    command->path = strcmp(path, "-") == 0 ? "standard input" : path;
    int status;
    if (len > FILE_BYTES_MAX)
        status = command_failed("lint", "%s: larger than 1 MiB, which AWS does not take", command->path);
    else if (ddbs_arena_new(&arena, 0) != DDBS_OK)
        status = command_failed("lint", "out of memory");
    else {
        status = lint_text(command, arena, text, len);
        ddbs_arena_free(arena);
    }
    free(text);
    return status;
}

int cmd_lint(int argc, char **argv)
{
    struct command command = { .mode = NULL };
    int status = read_options(argc, argv, &command);
    if (status != 0)
        return status - 1;
    for (char **path = argv + optind; *path != NULL; path++) {
        int result = lint_file(&command, *path);
        status = result > status ? result : status;
    }
    if (command.errors + command.warnings > 0)
        fprintf(stderr, "ddbstream lint: %zu error%s, %zu warning%s\n", command.errors, command.errors == 1 ? "" : "s",
                command.warnings, command.warnings == 1 ? "" : "s");
    if (status == EXIT_HELD && (command.errors > 0 || (command.strict && command.warnings > 0)))
        status = EXIT_BAD_INPUT;
    return status;
}
