/* lanes.c: eight lanes; the key "id" of a record says what it does. Journal: "begin SEQ" and "end SEQ" around each
 * record, "done SEQ" before its callback returns, "parked SEQ" where the sink took it.
 *
 *   crash...   crashes after 100 ms
 *   slow...    takes 400 ms
 *   anything else takes 20 ms */
#include "journal.h"

static volatile size_t never;

static ddbs_status run(ddbs_ctx *ctx, const ddbs_record *rec)
{
    ddbs_str key;
    (void)ctx;
    DDBS_TRY(ddbs_get(rec->keys, "id", &key));
    bool crashes = strncmp(key.ptr, "crash", 5) == 0;
    journal("begin", rec->sequence_number);
    usleep(crashes ? 100000 : strncmp(key.ptr, "slow", 4) == 0 ? 400000 : 20000);
    if (crashes)
        *(volatile char *)(never + 8) = 1;
    journal("end", rec->sequence_number);
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

static ddbs_status sink(void *user, const ddbs_parked *parked)
{
    (void)user;
    journal("parked", parked->sequence_number);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    const ddbs_lambda_options options = { .park = { .sink = sink, .after_attempts = 2 } };
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = run, .lanes = 8 }, &options);
}
