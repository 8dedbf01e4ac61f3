/* scan_tables.h: the tables of struct scan, and the constants that several of them share. */
#ifndef LIB_SCAN_TABLES_H
#define LIB_SCAN_TABLES_H
#include "lib/scan.h"

#if defined(__x86_64__)
extern const struct scan ddbs_scan__avx2, ddbs_scan__sse2;
#elif defined(__aarch64__)
extern const struct scan ddbs_scan__neon;
#endif

/* UTF-8 by pairs of bytes. Every fault but one shows in a byte and the one before it: each table gives the faults that
 * one half byte does not rule out, and a fault that all three leave is there. The bit for "two continuation bytes" is
 * no fault where the third or fourth byte of a character is due, and one where it is not: it is xored with that.
 * (J. Keiser, D. Lemire: Validating UTF-8 in less than one instruction per byte, 2021.) */
extern const unsigned char ddbs_scan__utf8_lead_high[16], ddbs_scan__utf8_lead_low[16], ddbs_scan__utf8_next_high[16];

/* The value of each character in base64, 255 for what is none. */
extern const unsigned char ddbs_scan__base64[256];
#endif
