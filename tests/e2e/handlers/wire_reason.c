/* wire_reason.c: fails each record with a reason that its key chooses: characters of every length, bytes that are no
 * UTF-8, what JSON must escape, and a text so long that it is cut inside a character. */
#include "journal.h"

#define LENGTH_LONG 2000

static ddbs_status refuse(ddbs_ctx *ctx, const ddbs_record *rec)
{
    char text[2 * LENGTH_LONG + 2];
    ddbs_str id;
    DDBS_TRY(ddbs_get(rec->keys, "id", &id));
    if (ddbs_str_is(id, "utf8"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");
    if (ddbs_str_is(id, "broken"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "caf\xe9 \xed\xa0\x80 \xc0\xaf \xf5");
    if (ddbs_str_is(id, "escapes"))
        return ddbs_fail(ctx, DDBS_E_HANDLER, "a \"quote\" \\ \b\f\n\r\t \x01\x1b[31m \x7f");
    text[0] = 'a'; /* an odd start, so that a cut at an even place is inside a character */
    for (size_t i = 0; i < LENGTH_LONG; i++)
        memcpy(text + 1 + 2 * i, "\xc3\xa9", 2);
    text[2 * LENGTH_LONG + 1] = '\0';
    return ddbs_fail(ctx, DDBS_E_HANDLER, "%s", text);
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = refuse }, NULL);
}
