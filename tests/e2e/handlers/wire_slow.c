/* wire_slow.c: takes its time for each record, so that the other side can do something in the meantime. */
#include "journal.h"

#include <time.h>

static ddbs_status accept(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    nanosleep(&(struct timespec){ .tv_nsec = 400000000 }, NULL);
    journal("done", rec->sequence_number);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_any = accept }, NULL);
}
