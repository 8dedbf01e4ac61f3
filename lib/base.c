/* base.c: statuses, views, errors, version. */
#include <ddbstream/base.h>

#include <string.h>

const char *ddbs_version(void)
{
    return DDBS_VERSION;
}

const char *ddbs_status_name(ddbs_status status)
{
#define STATUS_NAME(name, text) #name,
    static const char *const names[] = { DDBS_STATUS_LIST(STATUS_NAME) };
#undef STATUS_NAME
    size_t i = (size_t)status;
    return i < sizeof names / sizeof *names ? names[i] : "DDBS_?";
}

const char *ddbs_status_text(ddbs_status status)
{
#define STATUS_TEXT(name, text) text,
    static const char *const texts[] = { DDBS_STATUS_LIST(STATUS_TEXT) };
#undef STATUS_TEXT
    size_t i = (size_t)status;
    return i < sizeof texts / sizeof *texts ? texts[i] : "unknown status";
}

ddbs_str ddbs_str_c(const char *text)
{
    return (ddbs_str){ text, text == NULL ? 0 : strlen(text) };
}

bool ddbs_str_is(ddbs_str view, const char *text)
{
    return view.ptr != NULL && strlen(text) == view.len && memcmp(view.ptr, text, view.len) == 0;
}

void ddbs_error_clear(ddbs_error *error)
{
    if (error == NULL)
        return;
    error->status = DDBS_OK;
    error->record = DDBS_NOWHERE;
    error->offset = DDBS_NOWHERE;
    error->path[0] = '\0';
    error->reason[0] = '\0';
}
