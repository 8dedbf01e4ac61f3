/* cmd_symbolize.c: `ddbstream symbolize`, a log with the functions and lines of its crash reports. */
#include "command.h"
#include "dwarf_line.h"
#include "elf.h"

#include <ctype.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] = "usage: ddbstream symbolize BINARY [LOG...|-]\n"
                           "\n"
                           "Print a log, and after each crash report in it (\"worker lost ... bootstrap+0x1a2b ...\n"
                           "build-id 0123ab\") the functions and, where BINARY was built with -g, the lines.\n"
                           "\n"
                           "  BINARY    the program that crashed, as it was before `strip`, or the file with its\n"
                           "            symbols alone (objcopy --only-keep-debug)\n"
                           "  LOG       text or JSON lines, gzip is unpacked; \"-\" or nothing is standard input\n"
                           "\n"
                           "#0 is where it crashed, the others are the callers. Code that was inlined is shown under\n"
                           "the function that it became a part of, with its own line. Frames of other modules, as\n"
                           "libc.so.6, stay as they are.\n"
                           "Exit status: 0 every crash report is of BINARY, 1 one is of another build, or there is\n"
                           "none, or BINARY is stripped or no program, 2 the command cannot run.\n"
                           "\n"
                           "Example:\n"
                           "  aws logs tail /aws/lambda/orders | ddbstream symbolize build/examples/orders/bootstrap\n";

/* A longer line is no report of a crash, and goes by unread: the runtime's are far shorter. */
enum { LINE_SIZE_MAX = 1 << 20, NAME_SHOWN_MAX = 256 };

struct text {
    const char *ptr;
    size_t len;
};

struct log {
    const char *name; /* of the file that is read */
    unsigned long long line;
    size_t resolved;
    size_t foreign;
    char foreign_id[ELF_ID_SIZE]; /* the last one complained of: a crash comes seldom alone */
};

struct binary {
    const char *path;
    struct elf elf;
    struct dwarf_lines *lines;
};

/* ---- Words of a log ---- */

/* Where `needle` comes first; NULL: nowhere. */
static const char *find(struct text in, const char *needle)
{
    size_t len = strlen(needle);
    const char *end = in.ptr + in.len;
    for (const char *at = in.ptr; (size_t)(end - at) >= len; at++) {
        at = memchr(at, needle[0], (size_t)(end - at) - len + 1);
        if (at == NULL || memcmp(at, needle, len) == 0)
            return at;
    }
    return NULL;
}

static struct text after_last(struct text in, const char *needle)
{
    for (const char *at; (at = find(in, needle)) != NULL;) {
        at += strlen(needle);
        in = (struct text){ at, (size_t)(in.ptr + in.len - at) };
    }
    return in;
}

/* "0x1a2b" and nothing else. */
static bool read_address(struct text word, uint64_t *out)
{
    uint64_t value = 0;
    if (word.len < 3 || word.len > 18 || memcmp(word.ptr, "0x", 2) != 0)
        return false;
    for (size_t i = 2; i < word.len; i++) {
        char digit = word.ptr[i];
        if (!isxdigit((unsigned char)digit))
            return false;
        value = value << 4 | (uint64_t)(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
    }
    *out = value;
    return true;
}

/* A frame, "module+0x1a2b", or an address that no module has. */
static bool read_place(struct text word, struct text *module, uint64_t *address)
{
    size_t plus = word.len;
    *module = (struct text){ word.ptr, 0 };
    if (read_address(word, address))
        return true;
    while (plus > 0 && isalnum((unsigned char)word.ptr[plus - 1])) /* words are joined: not back to where they begin */
        plus--;
    if (plus < 2 || word.ptr[plus - 1] != '+')
        return false;
    module->len = plus - 1;
    return read_address((struct text){ word.ptr + plus, word.len - plus }, address);
}

/* The next frame of a report; `frames` goes on behind it. A module's name may have spaces: what is no frame alone is
 * one together with the next words. In front of the first frame anything may stand. */
static bool next_frame(struct text *frames, bool is_first, struct text *word, struct text *module, uint64_t *address)
{
    const char *end = frames->ptr + frames->len, *begin = frames->ptr;
    for (const char *at = begin; at < end;) {
        const char *space = memchr(at, ' ', (size_t)(end - at));
        const char *stop = space == NULL ? end : space;
        *word = (struct text){ begin, (size_t)(stop - begin) };
        at = space == NULL ? end : space + 1;
        *frames = (struct text){ at, (size_t)(end - at) };
        if (word->len > 0 && read_place(*word, module, address))
            return true;
        if (is_first || word->len == 0)
            begin = at;
    }
    return false;
}

/* ---- Output ---- */

/* A name of the file may be anything, and the screen is not to obey it. */
static void print_name(const char *name)
{
    for (size_t i = 0; name[i] != '\0' && i < NAME_SHOWN_MAX; i++)
        putchar(name[i] >= ' ' && name[i] <= '~' ? name[i] : '?');
}

/* The address of a caller is the one that it goes on at, which may be another line's already, or another function's. */
static bool print_function(const struct binary *binary, size_t number, uint64_t address)
{
    uint64_t place = number == 0 || address == 0 ? address : address - 1, offset;
    uint32_t line;
    const char *name = elf_function(&binary->elf, place, &offset);
    if (name == NULL)
        return false;
    printf("  #%zu ", number);
    print_name(name);
    printf("+0x%llx", (unsigned long long)(offset + address - place));
    const char *file = binary->lines == NULL ? NULL : dwarf_lines_find(binary->lines, place, &line);
    if (file != NULL) {
        fputs(" (", stdout);
        print_name(file);
        printf(":%u)", (unsigned)line);
    }
    putchar('\n');
    return true;
}

static void print_frames(const struct binary *binary, struct text frames)
{
    static const char program[] = "bootstrap"; /* what the runtime calls it, whatever its file is called */
    struct text word, module;
    uint64_t address;
    for (size_t number = 0; next_frame(&frames, number == 0, &word, &module, &address); number++) {
        bool is_own = module.len == sizeof program - 1 && memcmp(module.ptr, program, module.len) == 0;
        if (!is_own || !print_function(binary, number, address))
            printf("  #%zu %.*s\n", number, (int)word.len, word.ptr);
    }
}

/* ---- Reports ---- */

struct crash {
    struct text frames;
    struct text id;
};

/* The next report in the rest of a line, which goes on behind it. */
static bool next_crash(struct text *rest, struct crash *out)
{
    static const char mark[] = " build-id ";
    struct text word, module;
    uint64_t address;
    for (const char *at; (at = find(*rest, mark)) != NULL;) {
        struct text frames = after_last((struct text){ rest->ptr, (size_t)(at - rest->ptr) }, "; ");
        const char *id = at + sizeof mark - 1, *end = rest->ptr + rest->len;
        *rest = (struct text){ id, (size_t)(end - id) };
        *out = (struct crash){ frames, { id, 0 } };
        while (id + out->id.len < end && isalnum((unsigned char)id[out->id.len]))
            out->id.len++;
        if (out->id.len > 0 && next_frame(&frames, true, &word, &module, &address))
            return true;
    }
    return false;
}

/* Said once for each run of the same id. */
static void complain(struct log *log, const struct binary *binary, struct text id)
{
    log->foreign++;
    if (strlen(log->foreign_id) == id.len && memcmp(log->foreign_id, id.ptr, id.len) == 0)
        return;
    snprintf(log->foreign_id, sizeof log->foreign_id, "%.*s", id.len < sizeof log->foreign_id ? (int)id.len : 0,
             id.ptr);
    command_failed("symbolize", "%s: line %llu: the crash is of build id %.*s, and %s has %s", log->name, log->line,
                   id.len < NAME_SHOWN_MAX ? (int)id.len : NAME_SHOWN_MAX, id.ptr, binary->path, binary->elf.build_id);
}

/* What is said of a line, after it. */
static void print_crashes(struct log *log, const struct binary *binary, struct text line)
{
    const char *id = binary->elf.build_id;
    bool ended = line.ptr[line.len - 1] == '\n';
    struct crash crash;
    while (next_crash(&line, &crash)) {
        if (!ended)
            putchar('\n');
        ended = true;
        if (crash.id.len != strlen(id) || memcmp(crash.id.ptr, id, crash.id.len) != 0) {
            complain(log, binary, crash.id);
            continue;
        }
        if (log->resolved++ == 0 && strcmp(id, "none") == 0)
            command_failed("symbolize",
                           "warning: neither the crash nor %s has a build id, which would tell whether they belong "
                           "together",
                           binary->path);
        print_frames(binary, crash.frames);
    }
}

/* ---- The log ---- */

/* Pass on every whole line of `text`; how many bytes these are. `is_rest`: of a line that was too long to be read. */
static size_t pass_lines(struct log *log, const struct binary *binary, struct text text, bool *is_rest)
{
    size_t passed = 0;
    for (const char *end; (end = memchr(text.ptr + passed, '\n', text.len - passed)) != NULL;) {
        struct text line = { text.ptr + passed, (size_t)(end + 1 - text.ptr) - passed };
        log->line++;
        fwrite(line.ptr, 1, line.len, stdout);
        if (!*is_rest)
            print_crashes(log, binary, line);
        *is_rest = false;
        passed += line.len;
    }
    return passed;
}

/* What is left when no more comes. */
static void pass_last(struct log *log, const struct binary *binary, struct text text, bool is_rest)
{
    log->line++;
    fwrite(text.ptr, 1, text.len, stdout);
    if (text.len > 0 && !is_rest)
        print_crashes(log, binary, text);
}

/* NULL, or why it could not be read to its end. */
static const char *pass_log(struct log *log, const struct binary *binary, gzFile file, char *buffer)
{
    size_t len = 0;
    bool is_rest = false;
    for (int got; (got = gzread(file, buffer + len, (unsigned)(LINE_SIZE_MAX - len))) != 0;) {
        if (got < 0)
            return command_gzip_error(file);
        len += (size_t)got;
        size_t passed = pass_lines(log, binary, (struct text){ buffer, len }, &is_rest);
        if (passed == 0 && len == LINE_SIZE_MAX) {
            is_rest = true;
            passed = fwrite(buffer, 1, len, stdout);
        }
        len -= passed;
        memmove(buffer, buffer + passed, len);
    }
    pass_last(log, binary, (struct text){ buffer, len }, is_rest);
    return gzdirect(file) ? NULL : command_gzip_error(file);
}

static int read_log(struct log *log, const struct binary *binary, const char *path)
{
    char why[512];
    gzFile file = command_open(path, why, sizeof why);
    if (file == NULL)
        return command_failed("symbolize", "%s", why);
    char *buffer = malloc(LINE_SIZE_MAX);
    log->name = strcmp(path, "-") == 0 ? "standard input" : path;
    log->line = 0;
    const char *error = buffer == NULL ? "out of memory" : pass_log(log, binary, file, buffer);
    free(buffer);
    int result = error == NULL ? EXIT_HELD : command_failed("symbolize", "%s: %s", log->name, error);
    gzclose_r(file);
    return result;
}

static int read_logs(const struct binary *binary, char **paths)
{
    static char standard_input[] = "-", *none[] = { standard_input, NULL };
    struct log log = { .resolved = 0 };
    for (char **path = paths[0] == NULL ? none : paths; *path != NULL; path++) {
        int status = read_log(&log, binary, *path);
        if (status != EXIT_HELD)
            return status;
    }
    if (log.resolved == 0 && log.foreign == 0)
        command_failed("symbolize", "there is no crash report: no line with \"bootstrap+0x... build-id ...\"");
    return log.resolved > 0 && log.foreign == 0 ? EXIT_HELD : EXIT_BAD_INPUT;
}

/* ---- The command ---- */

static int symbolize(struct binary *binary, char **logs)
{
    if (!elf_has_symbols(&binary->elf)) {
        command_failed("symbolize",
                       "%s is stripped: its functions have no names; the program as it was before is needed",
                       binary->path);
        return EXIT_BAD_INPUT;
    }
    binary->lines = dwarf_lines_open(&binary->elf);
    if (binary->lines == NULL)
        command_failed("symbolize", "note: %s has no line numbers that can be read; -g makes the compiler write them",
                       binary->path);
    int status = read_logs(binary, logs);
    dwarf_lines_close(binary->lines);
    return status;
}

static int read_options(int argc, char **argv)
{
    static const struct option known[] = { { "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 } };
    opterr = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (option != 'h')
            return 1 + command_misused("symbolize", "unknown or incomplete option \"%s\"", argv[optind - 1]);
        fputs(HELP, stdout);
        return EXIT_HELD + 1;
    }
    return optind < argc
               ? 0
               : 1 + command_misused("symbolize", "BINARY is missing: the program that crashed, not stripped");
}

int cmd_symbolize(int argc, char **argv)
{
    char why[512];
    struct binary binary = { .path = NULL };
    int stop = read_options(argc, argv);
    if (stop != 0)
        return stop - 1;
    binary.path = argv[optind];
    int status = elf_open(&binary.elf, binary.path, why, sizeof why);
    if (status != EXIT_HELD) {
        command_failed("symbolize", "%s", why);
        return status;
    }
    status = symbolize(&binary, argv + optind + 1);
    elf_close(&binary.elf);
    return status;
}
