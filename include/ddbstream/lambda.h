/* ddbstream/lambda.h: run a consumer as an AWS Lambda function.
 *
 *     int main(int argc, char **argv)
 *     {
 *         return ddbs_lambda_main(argc, argv, &(ddbs_consumer){ .on_insert = placed }, NULL);
 *     }
 *
 * The program is then the `bootstrap` of a provided.al2023 function: it asks the Runtime API for events, runs each
 * through the consumer and answers it.
 *
 * main() before the call runs once, in the supervisor; what a handler needs belongs into on_start, which runs in every
 * worker. All descriptors but 0, 1 and 2 are closed there. The call must come before any thread is started.
 *
 * Environment (it wins over the options; an unknown value is an initialization error that names the legal ones):
 *   AWS_LAMBDA_RUNTIME_API  host:port of the Runtime API; set by Lambda, and by `ddbstream run` and `serve`
 *   AWS_LAMBDA_MAX_CONCURRENCY  set on Managed Instances: how many events at once, see max_workers; else 1
 *   DDBS_REPORT             "error" (default) or "items": see ddbs_report
 *   DDBS_ISOLATION          "worker" (default) or "none": see ddbs_isolation
 *   DDBS_MAX_WORKERS        1 to 64 (default): the most invocations at once, see max_workers
 *   DDBS_METRICS            "failures" (default), "all" or "off": see metrics.h
 *   DDBS_KINESIS_BINARY     "twice" (default) or "once": see ddbs_event_options
 *   DDBS_PIPES_ID           "event" (default) or "sequence": see ddbs_event_options */
#ifndef DDBSTREAM_LAMBDA_H
#define DDBSTREAM_LAMBDA_H
#include <ddbstream/consumer.h>
#include <ddbstream/convert.h>
#include <ddbstream/metrics.h>
#ifdef __cplusplus
extern "C" {
#endif

/* Whether the handler runs in a process of its own. Then a crash, an exit or a hang costs the record it happened in:
 * the records before it are reported as done, and the next event finds a new worker. */
typedef enum ddbs_isolation {
    DDBS_ISOLATION_DEFAULT, /* as DDBS_ISOLATION_WORKER, unless the environment says otherwise */
    DDBS_ISOLATION_WORKER,  /* a supervisor that talks to Lambda, and a worker that runs the callbacks */
    DDBS_ISOLATION_NONE     /* one process, for debuggers: a crash ends it without an answer, and all comes again */
} ddbs_isolation;

/* Settings of the runtime. Zero, or NULL for the whole struct, is the default of each. */
typedef struct ddbs_lambda_options {
    ddbs_report report;
    ddbs_event_options event;
    ddbs_isolation isolation;

    /* The most events that one environment works on at the same time, 1 to 64; 0: 64. Only Managed Instances ask for
     * more than one, and say how many in AWS_LAMBDA_MAX_CONCURRENCY (developer guide,
     * lambda-managed-instances-runtimes). Each is taken by processes of its own, with DDBS_ISOLATION_NONE by one: a
     * handler needs no locks, its on_start runs in each of them, none takes an event before that is done in all, and a
     * crash is no matter of the others. AWS_LAMBDA_FUNCTION_MEMORY_SIZE is shared among them. What would end the
     * program where there is one, a Runtime API that is broken or a worker that cannot be started again, ends all of
     * them: Lambda replaces the environment, and what was not answered comes again. */
    uint32_t max_workers;

    ddbs_park_policy park;

    /* With DDBS_REPORT_ITEMS: answer a failure in a tumbling window in part, too, with the state that the records
     * before it have left, instead of with an error. Whether Lambda keeps the state of such an answer is documented
     * nowhere: if it does not, what those records added to the state is lost. It is an error all the same where that
     * state is not certain: after a crash, a hang, a final call, a failing hook, or a failing callback that had set
     * it. */
    bool window_partial;
    ddbs_metrics_options metrics;
} ddbs_lambda_options;

/**
 * Serve invocations until the process is ended. Never returns: exits with status 1 on what Lambda must restart the
 * environment for, after saying why on stderr (and, before the first event, to /init/error).
 */
DDBS_API void ddbs_lambda_run(const ddbs_consumer *consumer, const ddbs_lambda_options *options)
    __attribute__((noreturn));

/**
 * ddbs_lambda_run with a command line. Without arguments it does not return. `--event FILE` ("-": standard input) runs
 * one event without any Runtime API and prints the answer; `--help` and `--version` print.
 * @return the exit status: 0 every record is accounted for (or help was printed), 1 a record failed, the event was
 *         refused or the initialization failed, 2 the command line or the file cannot be used, or the answer cannot be
 *         written
 */
DDBS_API int ddbs_lambda_main(int argc, char **argv, const ddbs_consumer *consumer,
                              const ddbs_lambda_options *options) DDBS_MUST_CHECK;

/* ---- Parking in a file ------------------------------------------------------------------------------------------- */

/* The user of ddbs_park_to_file; outlives the call that gets the options. */
typedef struct ddbs_park_file {
    const char *path; /* its folder exists */
} ddbs_park_file;

/**
 * A sink that appends to a file: `.park = { .sink = ddbs_park_to_file, .user = &file }` with a ddbs_park_file. Each
 * record is a line {"sequenceNumber":"...","reason":"...","record":"..."}; the record is a string with its JSON as it
 * was delivered, for it need not be well-formed. Any number of processes and threads may park in one file, on NFS too.
 * The file is made where there is none, for its owner only: it holds attribute values.
 *
 * A file that cannot be opened is an initialization error, and so is one that is not below /mnt/ inside Lambda: only a
 * file system that is mounted there (developer guide, configuration-filesystem) outlives the environment.
 * @return DDBS_OK when the line is on disk; DDBS_E_MEMORY, or DDBS_E_HANDLER with the reason in the log, where it is
 *         not, or not for sure: it can then be there twice
 */
DDBS_API ddbs_status ddbs_park_to_file(void *park_file, const ddbs_parked *parked);

/* ---- Any other function ------------------------------------------------------------------------------------------ */

/**
 * A function that is no consumer of a stream: bytes in, bytes out.
 *
 *     static ddbs_status greet(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
 *     {
 *         if (event.len > 1000)
 *             return ddbs_fail(ctx, DDBS_E_LIMIT, "an event of %zu bytes", event.len);
 *         return ddbs_buf_append(result, "\"hello\"", 7);
 *     }
 *
 * Of ddbs_ctx it has what does not belong to a batch: ddbs_ctx_user, _error, _request_id, _invocation, _remaining_ms,
 * and ddbs_fail; ddbs_ctx_alloc and ddbs_ctx_keep_* last until it returns.
 * @param event   as it came, mostly JSON; read-only, until the function returns, not NUL-terminated; {NULL, 0}
 *                can be an empty one
 * @param result  empty; what the function appends is its answer. It belongs to the runtime. Nothing at all is answered
 *                as null. Over DDBS_EVENT_BYTES_MAX bytes the invocation is the error Function.ResponseTooLarge
 * @return DDBS_OK: `result` is the answer; anything else: the invocation is an error, and tells the reason
 */
typedef ddbs_status ddbs_raw_fn(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result);

/* Such a function and its life, as in ddbs_consumer; zeroed members but the first are valid. */
typedef struct ddbs_raw {
    ddbs_raw_fn *on_event;
    ddbs_hook_fn *on_start;
    ddbs_stop_fn *on_stop;
    void *user;
} ddbs_raw;

/**
 * ddbs_lambda_run for any other function: the same isolation, deadline and errors. A crash, an exit or a hang is an
 * error of its invocation, and the next one finds a new worker. There are no metrics and no log line of its own for an
 * invocation that went well. Of the options those about records have no effect.
 */
DDBS_API void ddbs_lambda_run_raw(const ddbs_raw *function, const ddbs_lambda_options *options)
    __attribute__((noreturn));

/**
 * ddbs_lambda_main for any other function. `--event FILE` prints its result as it is, or the error.
 * @return the exit status, as of ddbs_lambda_main
 */
DDBS_API int ddbs_lambda_main_raw(int argc, char **argv, const ddbs_raw *function,
                                  const ddbs_lambda_options *options) DDBS_MUST_CHECK;

#ifdef __cplusplus
}
#endif
#endif
