/* dwarf_line.c: see dwarf_line.h. The table is a series of units, each a header and a small program; run, it makes rows
 * (address, file, line) in sequences of rising addresses. All programs are run once to find the sequences; an address
 * is then found by running its sequence again. Names of values as in the DWARF 5 standard, section 6.2. */
#include "dwarf_line.h"

#include <stdlib.h>
#include <string.h>

enum { SEQUENCES_MAX = 1 << 22 };

/* Bytes that are read one after the other. At their end, and after what makes no sense, everything reads as 0. */
struct reader {
    const unsigned char *at;
    const unsigned char *end;
    bool failed;
};

struct unit {
    unsigned version;
    struct reader tables; /* directories and files */
    struct reader program;
    uint64_t step; /* minimum_instruction_length */
    signed char line_base;
    unsigned char line_range;
    unsigned char opcode_base;
    const unsigned char *operands; /* standard_opcode_lengths */
};

struct row {
    uint64_t address;
    uint64_t file;
    uint32_t line;
};

struct sequence {
    uint64_t low;
    uint64_t high;
    size_t unit;    /* where its unit begins in the section */
    size_t program; /* where its part of the program begins in the section */
};

struct dwarf_lines {
    struct elf_bytes section;
    struct elf_bytes line_texts;
    struct elf_bytes texts;
    struct sequence *sequences;
    size_t count;
    size_t room;
};

/* ---- Reading ---- */

static const unsigned char *take(struct reader *r, uint64_t len)
{
    const unsigned char *at = r->at;
    if (r->failed || len > (uint64_t)(r->end - r->at)) {
        r->failed = true;
        return NULL;
    }
    r->at += len;
    return at;
}

static uint64_t number(struct reader *r, unsigned size)
{
    const unsigned char *bytes = take(r, size);
    uint64_t value = 0;
    for (unsigned i = 0; bytes != NULL && i < size; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

/* LEB128: seven bits a byte, the lowest first. Bits above the 64th are nobody's. */
static uint64_t leb(struct reader *r, bool is_signed)
{
    uint64_t value = 0;
    unsigned shift = 0;
    for (const unsigned char *byte; (byte = take(r, 1)) != NULL;) {
        if (shift < 64)
            value |= (uint64_t)(*byte & 0x7f) << shift;
        shift += shift < 64 ? 7 : 0;
        if (*byte >= 0x80)
            continue;
        return is_signed && (*byte & 0x40) != 0 && shift < 64 ? value | ~(uint64_t)0 << shift : value;
    }
    return 0;
}

static uint64_t uleb(struct reader *r)
{
    return leb(r, false);
}

static const char *text(struct reader *r)
{
    const unsigned char *end = r->failed ? NULL : memchr(r->at, '\0', (size_t)(r->end - r->at));
    if (end == NULL)
        r->failed = true;
    return end == NULL ? "" : (const char *)take(r, (uint64_t)(end - r->at) + 1);
}

/* ---- The header of a unit ---- */

static struct reader at_offset(const struct dwarf_lines *lines, size_t offset)
{
    return (struct reader){ lines->section.at + offset, lines->section.at + lines->section.len, false };
}

static void read_header(struct reader *r, struct unit *unit)
{
    if (unit->version >= 5)
        take(r, 2); /* address_size, segment_selector_size */
    uint64_t header_len = number(r, 4);
    unit->program = *r;
    take(&unit->program, header_len);
    unit->tables = (struct reader){ r->at, unit->program.at, r->failed || unit->program.failed };
    r = &unit->tables;
    unit->step = number(r, 1);
    if (unit->version >= 4 && number(r, 1) != 1) /* several operations in an instruction: not on our processors */
        r->failed = true;
    take(r, 1); /* default_is_stmt */
    unit->line_base = (signed char)number(r, 1);
    unit->line_range = (unsigned char)number(r, 1);
    unit->opcode_base = (unsigned char)number(r, 1);
    if (unit->opcode_base == 0 || unit->line_range == 0)
        r->failed = true;
    unit->operands = take(r, unit->opcode_base == 0 ? 0 : unit->opcode_base - 1u);
}

/* The unit that begins at `section`, which goes on to the next one. False: this one cannot be read; section->failed:
 * nor is there another one. The form for units above 4 GiB is not read. */
static bool read_unit(struct reader *section, struct unit *unit)
{
    uint64_t len = number(section, 4);
    struct reader body = *section;
    if (len >= 0xfffffff0 || take(section, len) == NULL) {
        section->failed = true;
        return false;
    }
    body.end = section->at;
    *unit = (struct unit){ .version = (unsigned)number(&body, 2) };
    if (unit->version < 2 || unit->version > 5)
        return false;
    read_header(&body, unit);
    return !unit->tables.failed;
}

/* ---- The program ---- */

enum step { STEP_NONE, STEP_ROW, STEP_END };

static enum step step_extended(struct reader *r, struct row *row)
{
    enum { END_SEQUENCE = 1, SET_ADDRESS = 2 };
    uint64_t len = uleb(r);
    const unsigned char *bytes = take(r, len);
    if (bytes == NULL || len == 0)
        return STEP_NONE;
    struct reader operand = { bytes + 1, bytes + len, false };
    if (bytes[0] == SET_ADDRESS && len == 1 + 8)
        row->address = number(&operand, 8);
    return bytes[0] == END_SEQUENCE ? STEP_END : STEP_NONE;
}

static enum step step_standard(const struct unit *unit, struct reader *r, unsigned opcode, struct row *row)
{
    enum { COPY = 1, ADVANCE_PC, ADVANCE_LINE, SET_FILE, CONST_ADD_PC = 8, FIXED_ADVANCE_PC = 9 };
    switch (opcode) {
    case COPY:
        return STEP_ROW;
    case ADVANCE_PC:
        row->address += uleb(r) * unit->step;
        break;
    case ADVANCE_LINE:
        row->line += (uint32_t)leb(r, true);
        break;
    case SET_FILE:
        row->file = uleb(r);
        break;
    case CONST_ADD_PC:
        row->address += (255u - unit->opcode_base) / unit->line_range * unit->step;
        break;
    case FIXED_ADVANCE_PC:
        row->address += number(r, 2);
        break;
    default: /* columns, kinds of places, and what later standards have */
        for (unsigned i = 0; i < unit->operands[opcode - 1]; i++)
            uleb(r);
    }
    return STEP_NONE;
}

static enum step step(const struct unit *unit, struct reader *r, struct row *row)
{
    unsigned opcode = (unsigned)number(r, 1);
    if (r->failed)
        return STEP_NONE;
    if (opcode == 0)
        return step_extended(r, row);
    if (opcode < unit->opcode_base)
        return step_standard(unit, r, opcode, row);
    unsigned special = opcode - unit->opcode_base;
    row->address += special / unit->line_range * unit->step;
    row->line += (uint32_t)unit->line_base + special % unit->line_range;
    return STEP_ROW;
}

static const struct row FIRST_ROW = { .file = 1, .line = 1 };

/* ---- The sequences ---- */

static bool keep(struct dwarf_lines *lines, const struct sequence *sequence)
{
    if (lines->count == lines->room) {
        size_t room = lines->room == 0 ? 256 : lines->room * 2;
        struct sequence *moved = room > SEQUENCES_MAX ? NULL : realloc(lines->sequences, room * sizeof *moved);
        if (moved == NULL)
            return false;
        lines->sequences = moved;
        lines->room = room;
    }
    lines->sequences[lines->count++] = *sequence;
    return true;
}

/* Functions that the linker dropped leave their sequences behind, at an address where no code is. */
static bool note_sequences(struct dwarf_lines *lines, const struct elf *elf, const struct unit *unit, size_t offset)
{
    struct reader r = unit->program;
    struct row row = FIRST_ROW;
    struct sequence sequence = { .unit = offset, .program = (size_t)(r.at - lines->section.at) };
    bool begun = false;
    while (r.at < r.end && !r.failed) {
        enum step made = step(unit, &r, &row);
        if (made != STEP_NONE && !begun) {
            begun = true;
            sequence.low = row.address;
        }
        if (made != STEP_END)
            continue;
        sequence.high = row.address;
        if (sequence.low != 0 && sequence.high > sequence.low && elf_is_code(elf, sequence.low) &&
            !keep(lines, &sequence))
            return false;
        row = FIRST_ROW;
        begun = false;
        sequence.program = (size_t)(r.at - lines->section.at);
    }
    return true;
}

static int by_address(const void *a, const void *b)
{
    const struct sequence *left = a, *right = b;
    return (left->low > right->low) - (left->low < right->low);
}

static bool find_sequences(struct dwarf_lines *lines, const struct elf *elf)
{
    struct reader section = at_offset(lines, 0);
    struct unit unit;
    while (section.at < section.end && !section.failed) {
        size_t offset = (size_t)(section.at - lines->section.at);
        if (read_unit(&section, &unit) && !note_sequences(lines, elf, &unit, offset))
            return false;
    }
    if (lines->count > 0)
        qsort(lines->sequences, lines->count, sizeof *lines->sequences, by_address);
    return lines->count > 0;
}

struct dwarf_lines *dwarf_lines_open(const struct elf *elf)
{
    struct dwarf_lines *lines = calloc(1, sizeof *lines);
    if (lines == NULL)
        return NULL;
    /* Either of the tables of texts may be missing: DWARF 4 has its names in place. */
    (void)elf_section(elf, ".debug_line_str", &lines->line_texts);
    (void)elf_section(elf, ".debug_str", &lines->texts);
    if (elf_section(elf, ".debug_line", &lines->section) && find_sequences(lines, elf))
        return lines;
    dwarf_lines_close(lines);
    return NULL;
}

void dwarf_lines_close(struct dwarf_lines *lines)
{
    if (lines == NULL)
        return;
    free(lines->section.owned);
    free(lines->line_texts.owned);
    free(lines->texts.owned);
    free(lines->sequences);
    free(lines);
}

/* ---- The names of files ---- */

static const char *text_at(struct elf_bytes texts, uint64_t offset)
{
    if (offset >= texts.len || memchr(texts.at + offset, '\0', texts.len - offset) == NULL)
        return NULL;
    return (const char *)texts.at + offset;
}

/* One value of an entry, at least a byte long; its text if it is one that is read here. */
static const char *read_form(const struct dwarf_lines *lines, struct reader *r, uint64_t form)
{
    enum { DATA2 = 0x05, DATA4, DATA8, STRING, BLOCK, DATA1 = 0x0b, STRP = 0x0e, UDATA, DATA16 = 0x1e, LINE_STRP };
    switch (form) {
    case STRING:
        return text(r);
    case LINE_STRP:
        return text_at(lines->line_texts, number(r, 4));
    case STRP:
        return text_at(lines->texts, number(r, 4));
    case UDATA:
        uleb(r);
        break;
    case BLOCK:
        take(r, uleb(r));
        break;
    case DATA1:
    case DATA2:
    case DATA4:
    case DATA8:
    case DATA16:
        take(r, form == DATA1 ? 1 : form == DATA2 ? 2 : form == DATA4 ? 4 : form == DATA8 ? 8 : 16);
        break;
    default:
        r->failed = true;
    }
    return NULL;
}

/* The path of entry `wanted` of a table of DWARF 5, with the reader behind that entry; NULL: behind the table. */
static const char *read_table(const struct dwarf_lines *lines, struct reader *r, uint64_t wanted)
{
    enum { CONTENT_PATH = 1 };
    const char *path = NULL;
    unsigned formats = (unsigned)number(r, 1);
    struct reader format = *r;
    for (unsigned i = 0; i < 2 * formats; i++)
        uleb(r);
    uint64_t count = uleb(r);
    for (uint64_t entry = 0; entry < count && formats > 0 && !r->failed && path == NULL; entry++) {
        struct reader description = format;
        for (unsigned i = 0; i < formats; i++) {
            uint64_t content = uleb(&description);
            const char *value = read_form(lines, r, uleb(&description));
            if (content == CONTENT_PATH && entry == wanted)
                path = value;
        }
    }
    return path;
}

/* DWARF 4 and before: texts up to an empty one, and files are counted from 1. */
static const char *read_old_table(struct reader *r, uint64_t wanted)
{
    while (text(r)[0] != '\0')
        continue;
    for (uint64_t file = 1; !r->failed; file++) {
        const char *path = text(r);
        if (path[0] == '\0' || file == wanted)
            return path[0] == '\0' ? NULL : path;
        for (int i = 0; i < 3; i++)
            uleb(r);
    }
    return NULL;
}

static const char *file_name(const struct dwarf_lines *lines, const struct unit *unit, uint64_t file)
{
    struct reader r = unit->tables;
    const char *path, *slash;
    if (unit->version >= 5) {
        read_table(lines, &r, UINT64_MAX); /* the folders */
        path = read_table(lines, &r, file);
    } else {
        path = read_old_table(&r, file);
    }
    slash = path == NULL ? NULL : strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* ---- Finding ---- */

/* The last one that begins at the address or before. */
static const struct sequence *find_sequence(const struct dwarf_lines *lines, uint64_t address)
{
    size_t low = 0, high = lines->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (lines->sequences[middle].low <= address)
            low = middle + 1;
        else
            high = middle;
    }
    return low == 0 || address >= lines->sequences[low - 1].high ? NULL : &lines->sequences[low - 1];
}

const char *dwarf_lines_find(const struct dwarf_lines *lines, uint64_t address, uint32_t *line)
{
    struct unit unit;
    const struct sequence *sequence = find_sequence(lines, address);
    if (sequence == NULL)
        return NULL;
    struct reader r = at_offset(lines, sequence->unit);
    if (!read_unit(&r, &unit))
        return NULL;
    struct row row = FIRST_ROW, before = { .address = UINT64_MAX };
    unit.program.at = lines->section.at + sequence->program;
    for (enum step made = STEP_NONE; made != STEP_END && !unit.program.failed;) {
        made = step(&unit, &unit.program, &row);
        if (made == STEP_NONE)
            continue;
        if (before.address <= address && address < row.address)
            break;
        before = row;
    }
    *line = before.line;
    return before.line == 0 || unit.program.failed ? NULL : file_name(lines, &unit, before.file);
}
