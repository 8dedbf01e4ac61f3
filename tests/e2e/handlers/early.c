/* early.c: a wrong consumer. It acknowledges a batch when it has put it into memory, and works on it when the next one
 * comes. */
#include "effects.h"

#include <string.h>

enum { KEPT_MAX = 1000 };

static char kept[KEPT_MAX][DDBS_SEQUENCE_MAX + 1];
static size_t count;

static ddbs_status work_off(ddbs_ctx *ctx)
{
    (void)ctx;
    for (size_t i = 0; i < count; i++)
        effect(kept[i]);
    count = 0;
    return DDBS_OK;
}

static ddbs_status keep(ddbs_ctx *ctx, const ddbs_record *rec)
{
    (void)ctx;
    if (count == KEPT_MAX)
        abort();
    snprintf(kept[count++], sizeof kept[0], "%s", rec->sequence_number.ptr);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    static const ddbs_consumer consumer = { .on_batch_begin = work_off, .on_any = keep };
    return ddbs_lambda_main(argc, argv, &consumer, NULL);
}
