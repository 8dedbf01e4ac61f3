/* fault.c: see fault.h. */
#include "fault.h"

#include "lib/arena.h"

#include <stdio.h>

const char *fault_text_of(struct fault *fault, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    char *text = len < 0 ? NULL : ddbs_arena__alloc(fault->arena, (size_t)len + 1);
    if (text != NULL)
        vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return text == NULL ? "" : text;
}

bool fault_set(struct fault *fault, const char *type, const char *format, ...)
{
    va_list arguments;
    if (fault->type != NULL)
        return false;
    va_start(arguments, format);
    fault->type = type;
    fault->text = fault_text_of(fault, format, arguments);
    va_end(arguments);
    return false;
}

bool fault_memory(struct fault *fault)
{
    if (fault->type == NULL) {
        fault->type = FAULT_INTERNAL;
        fault->text = "out of memory";
    }
    return false;
}

const char *fault_text(struct fault *fault, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    const char *text = fault_text_of(fault, format, arguments);
    va_end(arguments);
    return text;
}
