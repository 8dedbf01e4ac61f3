/* dies_idle.c: every worker dies a moment after its start, while nobody asks anything of it. The moment is long enough
 * for the start to end on a busy machine: a worker that dies in its start is an initialization error. */
#include <ddbstream.h>
#include <signal.h>
#include <unistd.h>

static ddbs_status start(ddbs_ctx *ctx)
{
    (void)ctx;
    signal(SIGALRM, SIG_DFL);
    ualarm(100000, 0);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_start = start }, NULL);
}
