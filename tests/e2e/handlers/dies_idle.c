/* dies_idle.c: every worker dies a moment after its start, while nobody asks anything of it. */
#include <ddbstream.h>
#include <signal.h>
#include <unistd.h>

static ddbs_status start(ddbs_ctx *ctx)
{
    (void)ctx;
    signal(SIGALRM, SIG_DFL);
    ualarm(5000, 0);
    return DDBS_OK;
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_start = start }, NULL);
}
