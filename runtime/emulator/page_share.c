/* page_share.c: see page_share.h. The assembler takes the file as it is; the Makefile knows that this depends on it. */
#include "page_share.h"

__asm__(".section .rodata.page_share,\"a\"\n"
        ".global page_share_begin\n"
        ".global page_share_end\n"
        "page_share_begin:\n"
        ".incbin \"runtime/emulator/share/report.html\"\n"
        "page_share_end:\n"
        ".byte 0\n"
        ".previous\n");
