/* family.h: a process and everything that descends from it, as /proc shows it. A function's processes need not stay in
 * one process group (this library's worker has one of its own), so that a group is not enough to stop a function or to
 * measure it. */
#ifndef EMULATOR_FAMILY_H
#define EMULATOR_FAMILY_H
#include <stdint.h>
#include <sys/types.h>

/* Send a signal to `root` and all that descend from it, parents first. */
void family_signal(pid_t root, int signal_number);

/* Resident bytes of all of them: what each has for itself, and the largest share that one of them has with others. 0
 * where there is no such process. */
int64_t family_resident(pid_t root);
#endif
