/* program.c: see program.h. The file may be anything: nothing in it is used before it has been checked. */
#include "program.h"

#include "runtime/emulator/command.h"
#include "runtime/emulator/elf.h"

#include <elf.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SEGMENTS_MAX = 64 };

struct check {
    const char *path;
    const struct program_rules *rules;
    struct elf elf;
    Elf64_Ehdr header;
    Elf64_Phdr segments[SEGMENTS_MAX];
    size_t segment_count;
    bool failed;
};

static void complain(struct check *check, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void complain(struct check *check, const char *format, ...)
{
    va_list arguments;
    check->failed = true;
    fprintf(stderr, "%s: ", check->path);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

/* ---- Reading ---- */

static bool copy_at(const struct elf *elf, uint64_t offset, void *out, size_t size)
{
    if (offset > elf->len || size > elf->len - offset)
        return false;
    memcpy(out, elf->content + offset, size);
    return true;
}

static bool read_segments(struct check *check)
{
    Elf64_Ehdr *header = &check->header;
    if (!copy_at(&check->elf, 0, header, sizeof *header) || header->e_phentsize != sizeof(Elf64_Phdr) ||
        header->e_phnum == 0 || header->e_phnum > SEGMENTS_MAX)
        return false;
    check->segment_count = header->e_phnum;
    return copy_at(&check->elf, header->e_phoff, check->segments, check->segment_count * sizeof(Elf64_Phdr));
}

static const Elf64_Phdr *segment_of(const struct check *check, uint32_t type)
{
    for (size_t i = 0; i < check->segment_count; i++)
        if (check->segments[i].p_type == type)
            return &check->segments[i];
    return NULL;
}

/* ---- What Lambda demands ---- */

static void check_machine(struct check *check)
{
    const char *wanted = check->rules->arch, *found = NULL;
    if (check->header.e_machine == EM_X86_64)
        found = "x86_64";
    else if (check->header.e_machine == EM_AARCH64)
        found = "arm64";
    if (found == NULL)
        complain(check, "is for machine number %u; Lambda has x86_64 and arm64", (unsigned)check->header.e_machine);
    else if (wanted != NULL && strcmp(wanted, found) != 0)
        complain(check, "is for %s, not for %s", found, wanted);
}

/* The name of the loader that the program asks for, at most 64 bytes; "" when it cannot be read. */
static void read_loader(const struct check *check, const Elf64_Phdr *segment, char out[65])
{
    size_t len = segment->p_filesz < 64 ? (size_t)segment->p_filesz : 64;
    memset(out, 0, 65);
    if (!copy_at(&check->elf, segment->p_offset, out, len))
        out[0] = '\0';
    for (size_t i = 0; out[i] != '\0'; i++)
        if (out[i] < ' ' || out[i] > '~')
            out[i] = '?';
}

/* How many shared libraries the program asks for. */
static size_t count_needed(const struct check *check, const Elf64_Phdr *segment)
{
    Elf64_Dyn entry;
    size_t needed = 0;
    for (uint64_t at = 0; at + sizeof entry <= segment->p_filesz; at += sizeof entry) {
        if (!copy_at(&check->elf, segment->p_offset + at, &entry, sizeof entry) || entry.d_tag == DT_NULL)
            break;
        needed += entry.d_tag == DT_NEEDED;
    }
    return needed;
}

static void check_static(struct check *check)
{
    const Elf64_Phdr *loader = segment_of(check, PT_INTERP), *dynamic = segment_of(check, PT_DYNAMIC);
    char name[65];
    size_t needed = dynamic == NULL ? 0 : count_needed(check, dynamic);
    if (loader != NULL) {
        read_loader(check, loader, name);
        complain(check,
                 "is linked dynamically: it asks for the loader %s, which Lambda need not have (musl-gcc does "
                 "that when it is given -static-pie)",
                 name);
    }
    if (needed > 0)
        complain(check, "is linked dynamically: it needs %zu shared librar%s", needed, needed == 1 ? "y" : "ies");
}

/* ---- What makes an attack harder ---- */

static void check_memory(struct check *check)
{
    const Elf64_Phdr *stack = segment_of(check, PT_GNU_STACK);
    for (size_t i = 0; i < check->segment_count; i++)
        if (check->segments[i].p_type == PT_LOAD && (check->segments[i].p_flags & PF_W) != 0 &&
            (check->segments[i].p_flags & PF_X) != 0)
            complain(check, "has memory that can be both written and executed (segment %zu)", i);
    if (stack == NULL)
        complain(check, "does not say that its stack is not executable (no GNU_STACK; assembler without "
                        ".note.GNU-stack does that)");
    else if ((stack->p_flags & PF_X) != 0)
        complain(check, "has an executable stack (link with -z noexecstack)");
    if (segment_of(check, PT_GNU_RELRO) == NULL)
        complain(check, "has no memory that becomes read-only after the start (GNU_RELRO; link with -z relro)");
}

/* ---- What does not belong there ---- */

static bool contains(const struct elf *elf, const char *text)
{
    size_t len = strlen(text);
    const char *at = elf->content, *end = elf->content + elf->len;
    while (len > 0 && (size_t)(end - at) >= len && (at = memchr(at, text[0], (size_t)(end - at) - len + 1)) != NULL) {
        if (memcmp(at, text, len) == 0)
            return true;
        at++;
    }
    return false;
}

static void check_content(struct check *check)
{
    size_t size_max = check->rules->size_max == 0 ? PROGRAM_SIZE_MAX : check->rules->size_max;
    if (check->elf.len > size_max)
        complain(check, "has %zu bytes; at most %zu are allowed", check->elf.len, size_max);
    if (elf_has_symbols(&check->elf))
        complain(check, "is not stripped");
    if (strcmp(check->elf.build_id, "none") == 0)
        complain(check, "has no build id, by which a crash report finds its symbols (link with --build-id)");
    for (size_t i = 0; i < check->rules->forbidden_count; i++)
        if (contains(&check->elf, check->rules->forbidden[i]))
            complain(check, "contains the path %s of the machine that built it (compile with -ffile-prefix-map)",
                     check->rules->forbidden[i]);
}

/* elf_open() unpacks gzip; Linux does not. */
static bool is_packed(const struct check *check)
{
    struct stat status;
    return stat(check->path, &status) == 0 && (uintmax_t)status.st_size != (uintmax_t)check->elf.len;
}

static void check_all(struct check *check)
{
    if (is_packed(check)) {
        complain(check, "is compressed");
    } else if (!read_segments(check)) {
        complain(check, "has no program headers that can be read: it is damaged or cut off");
    } else {
        check_machine(check);
        check_static(check);
        check_memory(check);
        check_content(check);
    }
}

static int open_elf(struct elf *elf, const char *path)
{
    char why[256];
    int status = elf_open(elf, path, why, sizeof why);
    if (status != EXIT_HELD)
        fprintf(stderr, "%s\n", why);
    return status;
}

int program_check(const char *path, const struct program_rules *rules)
{
    struct check check = { .path = path, .rules = rules };
    int status = open_elf(&check.elf, path);
    if (status != EXIT_HELD)
        return status;
    check_all(&check);
    elf_close(&check.elf);
    return check.failed ? EXIT_BAD_INPUT : EXIT_HELD;
}

int program_print_id(const char *path)
{
    struct elf elf;
    int status = open_elf(&elf, path);
    if (status != EXIT_HELD)
        return status;
    puts(elf.build_id);
    elf_close(&elf);
    return EXIT_HELD;
}
