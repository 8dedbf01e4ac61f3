/* call.c: a single call, with its pauses and attempts. */
#include "runtime/aws/client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The last part of "DynamoDB_20120810.PutItem"; else method and nothing of the path, which may hold a key. */
static const char *operation_of(const ddbs_aws_request *request)
{
    const char *dot = request->target == NULL ? NULL : strrchr(request->target, '.');
    if (dot != NULL)
        return dot + 1;
    return request->method == NULL ? "POST" : request->method;
}

static ddbs_status tell(ddbs_ctx *ctx, const ddbs_aws_request *request, const struct ddbs_aws_attempt *attempt,
                        const ddbs_aws_reply *reply)
{
    const char *why = reply->type[0] != '\0' ? reply->type : ddbs_aws_fault_name(reply->fault);
    const char *operation = operation_of(request);
    if (attempt->exchange.too_large)
        return ddbs_aws__fail(ctx, DDBS_E_LIMIT, "%s %s: a response of more than %zu bytes", request->service,
                              operation, DDBS_AWS_REPLY_MAX);
    if (reply->fault == DDBS_AWS_NO_TIME)
        return ddbs_aws__fail(ctx, DDBS_E_TIME, "%s %s: too little time is left after %u attempts", request->service,
                              operation, (unsigned)reply->tries);
    if (reply->status == 0)
        return ddbs_aws__fail(ctx, DDBS_E_HANDLER, "%s %s: no response after %u attempts: %s", request->service,
                              operation, (unsigned)reply->tries, attempt->exchange.why);
    return ddbs_aws__fail(ctx, DDBS_E_HANDLER, "%s %s: %s (HTTP %ld, %u attempts%s%s)", request->service, operation,
                          why, reply->status, (unsigned)reply->tries,
                          reply->request_id[0] == '\0' ? "" : ", request id ", reply->request_id);
}

static void fill(ddbs_aws_reply *reply, struct ddbs_aws_attempt *attempt)
{
    ddbs_buf_free(&reply->body);
    reply->body = attempt->exchange.reply;
    attempt->exchange.reply = (ddbs_buf){ .ptr = NULL };
    reply->fault = attempt->fault;
    reply->status = attempt->exchange.status;
    memcpy(reply->type, attempt->type, sizeof reply->type);
    memcpy(reply->request_id, attempt->exchange.request_id, sizeof reply->request_id);
}

/* Pause before the next attempt; false: there is none. */
static bool pause_for_next(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_aws_request *request, ddbs_aws_reply *reply,
                           int64_t retry_after_ms)
{
    if (!ddbs_aws__is_passing(reply->fault) || reply->tries >= ddbs_aws__attempts(aws, request->service))
        return false;
    int64_t pause_ms = ddbs_aws__pause_ms(aws, request->service, reply->fault, reply->tries, retry_after_ms);
    if (pause_ms >= ddbs_aws__time_left(aws, ctx)) {
        reply->fault = DDBS_AWS_NO_TIME;
        return false;
    }
    aws->clock.sleep_ms(aws->clock.self, pause_ms);
    return true;
}

static ddbs_status run(ddbs_aws *aws, ddbs_ctx *ctx, struct ddbs_aws_attempt *attempt, ddbs_aws_reply *reply)
{
    do {
        ddbs_status status = ddbs_aws__send(aws, &attempt, 1, ddbs_aws__time_left(aws, ctx));
        if (status == DDBS_E_USAGE)
            return ddbs_aws__fail(ctx, status, "no credentials: neither AWS_ACCESS_KEY_ID nor the container's");
        if (status != DDBS_OK)
            return ddbs_aws__fail(ctx, status, "%s: no memory for a request, or its address is too long",
                                  attempt->request->service);
        if (attempt->fault != DDBS_AWS_NO_TIME)
            reply->tries++;
        fill(reply, attempt);
    } while (pause_for_next(aws, ctx, attempt->request, reply, attempt->exchange.retry_after_ms));
    return reply->fault == DDBS_AWS_FINE ? DDBS_OK : tell(ctx, attempt->request, attempt, reply);
}

ddbs_status ddbs_aws_call(ddbs_aws *aws, ddbs_ctx *ctx, const ddbs_aws_request *request, ddbs_aws_reply *reply)
{
    const char *fault = ddbs_aws__request_fault(request);
    if (fault != NULL)
        return ddbs_aws__fail(ctx, DDBS_E_USAGE, "%s", fault);
    ddbs_aws_reply_free(reply);
    struct ddbs_aws_attempt *attempt = calloc(1, sizeof *attempt);
    if (attempt == NULL)
        return ddbs_aws__fail(ctx, DDBS_E_MEMORY, "no memory for a request");
    attempt->request = request;
    ddbs_status status = run(aws, ctx, attempt, reply);
    ddbs_aws__end(attempt);
    free(attempt);
    return status;
}

void ddbs_aws_reply_free(ddbs_aws_reply *reply)
{
    ddbs_buf_free(&reply->body);
    *reply = (ddbs_aws_reply){ .status = 0 };
}
