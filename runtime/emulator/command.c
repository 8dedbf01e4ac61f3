/* command.c: what commands say when they cannot go on. See command.h. */
#include "command.h"
#include "progress.h"

#include <stdarg.h>
#include <stdio.h>

static void complain(const char *name, const char *format, va_list arguments) __attribute__((format(printf, 2, 0)));

static void complain(const char *name, const char *format, va_list arguments)
{
    progress_hide();
    fflush(stdout);
    fprintf(stderr, "ddbstream %s: ", name);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

int command_misused(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(name, format, arguments);
    va_end(arguments);
    fprintf(stderr, "See: ddbstream %s --help\n", name);
    return EXIT_CANNOT_RUN;
}

int command_failed(const char *name, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    complain(name, format, arguments);
    va_end(arguments);
    return EXIT_CANNOT_RUN;
}
