/* relro.c: makes read-only what a program writes only while it starts: tables of pointers, which an attacker would
 * like to change. The dynamic linker does that for dynamic programs; in static ones musl leaves it to the program. */
#define _GNU_SOURCE
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

/* The first object is the program. */
static int protect(struct dl_phdr_info *info, size_t size, void *unused)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)size;
    (void)unused;
    for (size_t i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &info->dlpi_phdr[i];
        if (segment->p_type != PT_GNU_RELRO)
            continue;
        uintptr_t begin = (info->dlpi_addr + segment->p_vaddr) / page * page;
        uintptr_t end = (info->dlpi_addr + segment->p_vaddr + segment->p_memsz) / page * page;
        if (begin < end)
            (void)mprotect((void *)begin, end - begin, PROT_READ); /* hardening: without it the program is as right */
    }
    return 1;
}

__attribute__((constructor)) static void protect_program(void)
{
    dl_iterate_phdr(protect, NULL);
}
