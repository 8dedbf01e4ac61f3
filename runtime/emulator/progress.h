/* progress.h: one live line per shard at the bottom of a terminal, below what scrolls by. There is one terminal, so
 * what is known of it is this module's own; where standard output is none, nothing here does anything. */
#ifndef EMULATOR_PROGRESS_H
#define EMULATOR_PROGRESS_H
#include "tally.h"

/* From here on standard output goes out whole frames at a time: where it is a terminal that can move its cursor. */
void progress_begin(void);
bool progress_live(void);

/* Take the lines away, before something else is printed. What is printed appears with the next frame. */
void progress_hide(void);

/* Draw the lines again where that is due. How many milliseconds from now the next frame is; -1: not before something
 * happens. */
int progress_show(const struct tally *tally);

/* The lines are gone, and standard output is as it was. */
void progress_end(void);
#endif
