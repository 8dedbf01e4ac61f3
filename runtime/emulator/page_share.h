/* page_share.h: share/report.html, inside the program. */
#ifndef EMULATOR_PAGE_SHARE_H
#define EMULATOR_PAGE_SHARE_H

/* The page from its begin to its end; "@DATA@" stands where the data belongs. */
extern const char page_share_begin[], page_share_end[];
#endif
