/* elf.h: what a program's ELF file says of its addresses: functions, the build id, and the sections that hold the rest.
 * The file may be damaged, or written by a stranger: everything in it is checked before it is used. */
#ifndef EMULATOR_ELF_H
#define EMULATOR_ELF_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { ELF_ID_SIZE = 65 };

struct elf {
    char *content; /* the whole file */
    size_t len;
    size_t sections; /* where their headers begin */
    size_t section_count;
    size_t names;               /* number of the section that has the sections' names */
    char build_id[ELF_ID_SIZE]; /* hexadecimal, as the runtime writes it; "none" */
};

/* Part of the file, or `owned`, unpacked from it. */
struct elf_bytes {
    const unsigned char *at;
    size_t len;
    unsigned char *owned;
};

/* Read a linked program, or the file that has only its symbols (objcopy --only-keep-debug); gzip is unpacked. Returns
 * an exit status, with a sentence in `why` when that is not 0. */
int elf_open(struct elf *elf, const char *path, char *why, size_t why_size);
void elf_close(struct elf *elf);

/* Whether it has a symbol table of its own, which `strip` takes away: that for the dynamic linker has exports only. */
bool elf_has_symbols(const struct elf *elf);

/* The function that an address lies in, NUL-terminated, and how far; NULL: there is none. */
const char *elf_function(const struct elf *elf, uint64_t address, uint64_t *offset);

/* Whether an address lies in memory that is executed. */
bool elf_is_code(const struct elf *elf, uint64_t address);

/* A section by its name, unpacked if it is compressed with zlib; free(out->owned). False: there is none that can be
 * used, and *out is empty. */
bool elf_section(const struct elf *elf, const char *name, struct elf_bytes *out);
#endif
