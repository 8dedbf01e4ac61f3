/* dwarf_line.h: which line of which file an instruction came from, as DWARF 2 to 5 tell in .debug_line. */
#ifndef EMULATOR_DWARF_LINE_H
#define EMULATOR_DWARF_LINE_H
#include "elf.h"

struct dwarf_lines;

/* NULL: the program has no such table, none that can be read, or there is no memory. Made of `elf`, which must live
 * as long. */
struct dwarf_lines *dwarf_lines_open(const struct elf *elf);
void dwarf_lines_close(struct dwarf_lines *lines);

/* The file's name without its folder, and the line; NULL: the table does not tell. */
const char *dwarf_lines_find(const struct dwarf_lines *lines, uint64_t address, uint32_t *line);
#endif
