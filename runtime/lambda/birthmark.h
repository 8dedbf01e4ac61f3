/* birthmark.h: tells a process from the children that a handler forks, before each record. */
#ifndef LAMBDA_BIRTHMARK_H
#define LAMBDA_BIRTHMARK_H
#include <stdbool.h>
#include <sys/types.h>

struct ddbs_birthmark {
    pid_t pid;        /* of the process that it was made in */
    const bool *mark; /* true there, false in its children; NULL: the kernel cannot do that, and the id is asked for */
};

/* Make one for the process at hand; it is never given back. */
void ddbs_birthmark__make(struct ddbs_birthmark *out);

/* Whether this is the process that it was made in. */
bool ddbs_birthmark__is_mine(const struct ddbs_birthmark *birthmark);
#endif
