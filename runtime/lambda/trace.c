/* trace.c: see trace.h. glibc never gives back what setenv() allocated, and every invocation has an id of its own: a
 * process that lives long would grow. So the variable is a buffer of ours that putenv() puts into the environment. */
#define _XOPEN_SOURCE 700
#include "runtime/lambda/trace.h"
#include "runtime/lambda/transport.h"

#include <stdio.h>
#include <stdlib.h>

#define VARIABLE "_X_AMZN_TRACE_ID"

void ddbs_trace__publish(const char *trace_id)
{
    static char entry[sizeof VARIABLE "=" + DDBS_TRACE_ID_MAX];
    if (trace_id[0] == '\0') {
        unsetenv(VARIABLE);
        return;
    }
    snprintf(entry, sizeof entry, VARIABLE "=%s", trace_id);
    putenv(entry);
}
