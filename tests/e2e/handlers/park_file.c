/* park_file.c: parks every record whose key is "park" in the file PARK_FILE, for the reason PARK_REASON, and what does
 * not decode. */
#include "journal.h"

static ddbs_status take(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str key;
    DDBS_TRY(ddbs_get(rec->keys, "id", &key));
    if (strcmp(key.ptr, "park") == 0)
        return ddbs_park(ctx, getenv("PARK_REASON"));
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    ddbs_park_file file = { getenv("PARK_FILE") };
    ddbs_lambda_options options = { .park = { .sink = ddbs_park_to_file, .user = &file, .poison = true } };
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = take }, &options);
}
