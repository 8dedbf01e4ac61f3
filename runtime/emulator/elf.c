/* elf.c: see elf.h. Lambda's processors and ours are little-endian, so fields are copied as they are. */
#include "elf.h"
#include "command.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* Of a function's file, Lambda takes 250 MB; with what a debugger wants it may be larger. */
#define FILE_SIZE_MAX    ((size_t)1 << 30)
#define SECTION_SIZE_MAX ((size_t)1 << 29)
enum { SEGMENTS_MAX = 64 };

static bool copy_at(const struct elf *elf, uint64_t offset, void *out, size_t size)
{
    if (offset > elf->len || size > elf->len - offset)
        return false;
    memcpy(out, elf->content + offset, size);
    return true;
}

static bool header_of(const struct elf *elf, size_t number, Elf64_Shdr *header)
{
    return number < elf->section_count && copy_at(elf, elf->sections + number * sizeof *header, header, sizeof *header);
}

/* A section as it is in the file; empty when it is not there. */
static struct elf_bytes bytes_of(const struct elf *elf, const Elf64_Shdr *header)
{
    struct elf_bytes none = { NULL, 0, NULL };
    if (header->sh_type == SHT_NOBITS || header->sh_offset > elf->len || header->sh_size > elf->len - header->sh_offset)
        return none;
    return (struct elf_bytes){ (const unsigned char *)elf->content + header->sh_offset, header->sh_size, NULL };
}

/* A text of a table of texts; NULL when it does not end in there. */
static const char *text_of(struct elf_bytes table, uint64_t offset)
{
    if (offset >= table.len || memchr(table.at + offset, '\0', table.len - offset) == NULL)
        return NULL;
    return (const char *)table.at + offset;
}

/* ---- The file ---- */

static const char *read_header(struct elf *elf)
{
    Elf64_Ehdr header;
    if (elf->len > FILE_SIZE_MAX)
        return "is larger than 1 GiB";
    if (!copy_at(elf, 0, &header, sizeof header) || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
        return "is no ELF file";
    if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB)
        return "is no ELF file of 64 bits, little-endian, as Lambda's are";
    if (header.e_type != ET_EXEC && header.e_type != ET_DYN)
        return "is no linked program";
    elf->sections = header.e_shoff;
    elf->section_count = header.e_shnum;
    elf->names = header.e_shstrndx;
    if (header.e_shnum == 0) /* strip --strip-section-headers; elf_has_symbols() says what follows */
        return NULL;
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > elf->len ||
        header.e_shnum > (elf->len - header.e_shoff) / sizeof(Elf64_Shdr))
        return "is damaged or cut off";
    return NULL;
}

/* As many bytes as the runtime shows. */
static void write_id(char id[ELF_ID_SIZE], const unsigned char *bytes, size_t len)
{
    for (size_t i = 0; i < len && i < (ELF_ID_SIZE - 1) / 2; i++)
        snprintf(id + 2 * i, 3, "%02x", bytes[i]);
}

/* Name and description of a note are filled up to four bytes each. */
static bool find_id(struct elf_bytes notes, char id[ELF_ID_SIZE])
{
    Elf64_Nhdr note;
    while (notes.len >= sizeof note) {
        memcpy(&note, notes.at, sizeof note);
        size_t name = ((size_t)note.n_namesz + 3) / 4 * 4, description = ((size_t)note.n_descsz + 3) / 4 * 4;
        size_t left = notes.len - sizeof note;
        const unsigned char *at = notes.at + sizeof note;
        if (name > left || description > left - name)
            return false;
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && memcmp(at, "GNU", 4) == 0) {
            write_id(id, at + name, note.n_descsz);
            return true;
        }
        notes.at = at + name + description;
        notes.len = left - name - description;
    }
    return false;
}

static void read_id(struct elf *elf)
{
    Elf64_Shdr header;
    snprintf(elf->build_id, sizeof elf->build_id, "none");
    for (size_t i = 0; header_of(elf, i, &header); i++) {
        if (header.sh_type == SHT_NOTE && find_id(bytes_of(elf, &header), elf->build_id))
            return;
    }
}

int elf_open(struct elf *elf, const char *path, char *why, size_t why_size)
{
    *elf = (struct elf){ .content = NULL };
    if (command_read(path, FILE_SIZE_MAX + 1, &elf->content, &elf->len, why, why_size) != 0)
        return EXIT_CANNOT_RUN;
    const char *error = read_header(elf);
    if (error != NULL) {
        snprintf(why, why_size, "%s %s", path, error);
        elf_close(elf);
        return EXIT_BAD_INPUT;
    }
    read_id(elf);
    return EXIT_HELD;
}

void elf_close(struct elf *elf)
{
    free(elf->content);
    *elf = (struct elf){ .content = NULL };
}

/* ---- Functions ---- */

struct symbols {
    struct elf_bytes table;
    struct elf_bytes texts;
};

static bool find_symbols(const struct elf *elf, struct symbols *out)
{
    Elf64_Shdr header, texts;
    for (size_t i = 0; header_of(elf, i, &header); i++) {
        if (header.sh_type != SHT_SYMTAB || !header_of(elf, header.sh_link, &texts))
            continue;
        out->table = bytes_of(elf, &header);
        out->texts = bytes_of(elf, &texts);
        return out->table.len >= sizeof(Elf64_Sym);
    }
    return false;
}

bool elf_has_symbols(const struct elf *elf)
{
    struct symbols symbols;
    return find_symbols(elf, &symbols);
}

static bool is_function(const Elf64_Sym *symbol)
{
    unsigned type = ELF64_ST_TYPE(symbol->st_info);
    return (type == STT_FUNC || type == STT_GNU_IFUNC) && symbol->st_shndx != SHN_UNDEF && symbol->st_name != 0;
}

/* Of two functions the one that begins later; at one place, the one that others link to. */
static bool better(const Elf64_Sym *symbol, const Elf64_Sym *best)
{
    if (best->st_name == 0 || symbol->st_value != best->st_value)
        return best->st_name == 0 || symbol->st_value > best->st_value;
    return ELF64_ST_BIND(symbol->st_info) == STB_GLOBAL && ELF64_ST_BIND(best->st_info) != STB_GLOBAL;
}

/* What assembler made may have no size: it goes on to the next function, or to the end of its section. */
static bool goes_on_to(const struct elf *elf, const Elf64_Sym *symbol, uint64_t address)
{
    Elf64_Shdr section;
    return symbol->st_name != 0 && symbol->st_size == 0 && header_of(elf, symbol->st_shndx, &section) &&
           address >= section.sh_addr && address - section.sh_addr < section.sh_size;
}

const char *elf_function(const struct elf *elf, uint64_t address, uint64_t *offset)
{
    struct symbols symbols;
    Elf64_Sym symbol, best = { .st_name = 0 }, last = { .st_name = 0 };
    if (!find_symbols(elf, &symbols))
        return NULL;
    for (size_t at = 0; symbols.table.len - at >= sizeof symbol; at += sizeof symbol) {
        memcpy(&symbol, symbols.table.at + at, sizeof symbol);
        if (!is_function(&symbol) || symbol.st_value > address)
            continue;
        if (better(&symbol, &last))
            last = symbol;
        if (address - symbol.st_value < symbol.st_size && better(&symbol, &best))
            best = symbol;
    }
    if (best.st_name == 0 && goes_on_to(elf, &last, address))
        best = last;
    *offset = address - best.st_value;
    return best.st_name == 0 ? NULL : text_of(symbols.texts, best.st_name);
}

bool elf_is_code(const struct elf *elf, uint64_t address)
{
    Elf64_Ehdr file;
    Elf64_Phdr segment;
    if (!copy_at(elf, 0, &file, sizeof file) || file.e_phentsize != sizeof segment || file.e_phoff > elf->len)
        return false;
    for (size_t i = 0; i < file.e_phnum && i < SEGMENTS_MAX; i++) {
        if (!copy_at(elf, file.e_phoff + i * sizeof segment, &segment, sizeof segment))
            return false;
        if (segment.p_type == PT_LOAD && (segment.p_flags & PF_X) != 0 && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_memsz)
            return true;
    }
    return false;
}

/* ---- Sections ---- */

/* No data grows by more than 1032 times under zlib: what claims more lies, and gets no memory. */
static bool unpack(struct elf_bytes packed, struct elf_bytes *out)
{
    Elf64_Chdr header;
    if (packed.len < sizeof header)
        return false;
    memcpy(&header, packed.at, sizeof header);
    uLong from = packed.len - sizeof header;
    uLongf size = header.ch_size;
    if (header.ch_type != ELFCOMPRESS_ZLIB || size == 0 || size > SECTION_SIZE_MAX || size / 1032 > from)
        return false;
    out->owned = malloc(size);
    out->at = out->owned;
    out->len = size;
    if (out->owned != NULL && uncompress(out->owned, &size, packed.at + sizeof header, from) == Z_OK &&
        size == out->len)
        return true;
    free(out->owned);
    *out = (struct elf_bytes){ NULL, 0, NULL };
    return false;
}

bool elf_section(const struct elf *elf, const char *name, struct elf_bytes *out)
{
    Elf64_Shdr names, header;
    size_t size = strlen(name) + 1;
    *out = (struct elf_bytes){ NULL, 0, NULL };
    if (!header_of(elf, elf->names, &names))
        return false;
    struct elf_bytes texts = bytes_of(elf, &names);
    for (size_t i = 0; header_of(elf, i, &header); i++) {
        if (header.sh_name > texts.len || size > texts.len - header.sh_name ||
            memcmp(texts.at + header.sh_name, name, size) != 0)
            continue;
        struct elf_bytes content = bytes_of(elf, &header);
        if ((header.sh_flags & SHF_COMPRESSED) != 0)
            return unpack(content, out);
        *out = content;
        return content.len > 0;
    }
    return false;
}
