/* read.c: see read.h. */
#include "lib/read.h"

#include "lib/arena.h"
#include "lib/decode.h"
#include "lib/error.h"
#include "lib/utf8.h"

/* Places on the tape are 32 bits wide. */
enum { TEXT_MAX = 1 << 30 };

static bool read_all(struct decoder *d, size_t *node)
{
    size_t bad = ddbs_utf8__check(d->json.text, d->json.len);
    if (bad != d->json.len)
        return ddbs_json__fail(&d->json, DDBS_E_SYNTAX, bad, "invalid UTF-8");
    ddbs_json__space(&d->json);
    if (ddbs_json__peek(&d->json) != '{')
        return ddbs_json__fail(&d->json, DDBS_E_TYPE, d->json.at, "expected an object of attributes");
    if (!ddbs_decode__image(d, node))
        return false;
    ddbs_json__space(&d->json);
    return d->json.at == d->json.len ||
           ddbs_json__fail(&d->json, DDBS_E_SYNTAX, d->json.at, "text after the end of the object");
}

static ddbs_status read_text(struct decoder *d, const ddbs_item **out, ddbs_error *error)
{
    size_t node;
    if (!read_all(d, &node)) {
        ddbs_error__set(error, d->json.status, DDBS_NOWHERE, d->json.fault, "%s", d->json.reason);
        ddbs_decode__path(d, error);
        return d->json.status;
    }
    *out = (const ddbs_item *)(const void *)&d->tape.nodes[node];
    return DDBS_OK;
}

ddbs_status ddbs_read__item(const char *json, size_t len, ddbs_json_form form, bool twice, ddbs_arena *arena,
                            const ddbs_item **out, ddbs_error *error)
{
    struct arena_mark mark = ddbs_arena__mark(arena);
    struct decoder d;
    ddbs_error_clear(error);
    if (len > TEXT_MAX)
        return ddbs_error__set(error, DDBS_E_LIMIT, DDBS_NOWHERE, DDBS_NOWHERE, "more than 1 GiB of text");
    if (!ddbs_decode__begin(&d, ddbs_scan__best(), arena, json, len)) {
        ddbs_arena__release(arena, mark);
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for the text");
    }
    d.plain = form == DDBS_JSON_PLAIN;
    d.twice = twice;
    ddbs_status status = read_text(&d, out, error);
    if (status != DDBS_OK)
        ddbs_arena__release(arena, mark);
    return status;
}

ddbs_status ddbs_item_read(const char *json, size_t len, ddbs_json_form form, ddbs_arena *arena, const ddbs_item **out,
                           ddbs_error *error)
{
    return ddbs_read__item(json, len, form, false, arena, out, error);
}
