/* client.h: what a client holds, and the layers of a call on it, from the inside out:
 *   curl.c         one or more HTTP exchanges over libcurl, signed by it; the only file that knows libcurl; ca.c and
 *                  roots.c say whom it trusts
 *   exchange.c     a request made ready (address, headers, credentials) and sent; what is repaired without a pause:
 *                  dead connections, a wrong clock, credentials that ran out
 *   call.c         the same with pauses and attempts, for a single call; writer.c does it for entries
 * Everything but curl.c, ca.c and aws.c works with any transport and links without libcurl. */
#ifndef AWS_CLIENT_H
#define AWS_CLIENT_H
#include <ddbstream/aws.h>

enum {
    DDBS_AWS_REGION_MAX = 64,
    DDBS_AWS_ENDPOINT_MAX = 516,
    DDBS_AWS_URL_MAX = 2048,
    DDBS_AWS_HEADERS_MAX = 16,
    DDBS_AWS_USER_HEADERS_MAX = 8,
    DDBS_AWS_PARALLEL_MAX = 16
};

/* The clock; tests have one of their own. */
struct ddbs_aws_clock {
    int64_t (*now_ms)(void *self); /* since 1970 */
    void (*sleep_ms)(void *self, int64_t ms);
    void *self;
};

struct ddbs_aws {
    ddbs_aws_options options;
    char region[DDBS_AWS_REGION_MAX];
    char endpoint[DDBS_AWS_ENDPOINT_MAX]; /* "": the options name none */
    ddbs_aws_credentials credentials;
    bool renewable; /* they come from the container's endpoint */
    bool sealed;    /* no variable of the environment counts; the credentials open nothing */
    struct ddbs_aws_clock clock;
    int64_t skew_ms;    /* what AWS's clock is ahead of ours, once it complained; 0: nothing is known */
    int64_t longest_ms; /* most time that an invocation had left: about its time limit */
    uint64_t random;
    void (*close)(void *self); /* ends the transport; NULL: nothing to end */
};

/* Make a client over a transport, which must be set in the options. Status as ddbs_aws_new(). */
ddbs_status ddbs_aws__make(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error);

/* The same for tests, whatever the environment is. */
ddbs_status ddbs_aws__make_sealed(ddbs_aws **out, const ddbs_aws_options *options, ddbs_error *error);

/* ddbs_fail() where there is a context. */
ddbs_status ddbs_aws__fail(ddbs_ctx *ctx, ddbs_status status, const char *format, ...) DDBS_PRINTF(3, 4);

/* Milliseconds that a call may take, at most 0 where none is left: some are kept back for answering. INT64_MAX: no
 * deadline is known. */
int64_t ddbs_aws__time_left(ddbs_aws *aws, const ddbs_ctx *ctx);

/* The pause before try number `tries` + 1: a random part of base * 2^(tries - 1), at most 20 s, and at least what the
 * service asked for. */
int64_t ddbs_aws__pause_ms(ddbs_aws *aws, const char *service, ddbs_aws_fault fault, uint32_t tries,
                           int64_t retry_after_ms);

/* A number from 0 to `limit` - 1, not for secrets. */
uint64_t ddbs_aws__random_below(ddbs_aws *aws, uint64_t limit);

/* How often something is tried in all. */
uint32_t ddbs_aws__attempts(const ddbs_aws *aws, const char *service);

/* endpoint.c: "https://dynamodb.eu-west-1.amazonaws.com", without a '/' at its end, in `out`. `own` tells whether it is
 * an address of somebody's and not made of the region. False: it does not fit. */
bool ddbs_aws__endpoint(const ddbs_aws *aws, const ddbs_aws_request *request, char *out, size_t size, bool *own);
/* Whether a text is "http://" or "https://" and something behind it that can be a host. */
bool ddbs_aws__is_address(const char *text);
/* NULL, or the first endpoint variable of the environment whose value is no address. `*plain` tells whether there is a
 * http address among them. */
const char *ddbs_aws__odd_endpoint(bool *plain);

/* credentials.c: read the environment; and get what the container's endpoint has if none are there or they run out
 * soon, or in any case with `anew`. */
ddbs_status ddbs_aws__read_credentials(ddbs_aws *aws, ddbs_error *error);
bool ddbs_aws__renew_credentials(ddbs_aws *aws, bool anew, int64_t left_ms);

/* fault.c */
ddbs_aws_fault ddbs_aws__fault_of(const char *type, long status);
/* Whether the same request may go through later. */
bool ddbs_aws__is_passing(ddbs_aws_fault fault);
/* An error's type from header and body of a response, in `out`; "" where there is none. Never more than its name. */
void ddbs_aws__read_type(const char *header, const char *body, size_t len, char out[DDBS_AWS_TYPE_MAX]);

/* A request, made ready and sent; zero but for `request`. Too large for a stack where there are several. */
struct ddbs_aws_attempt {
    const ddbs_aws_request *request;
    ddbs_aws_exchange exchange;
    ddbs_aws_fault fault;
    char type[DDBS_AWS_TYPE_MAX];
    char url[DDBS_AWS_URL_MAX];
    const char *headers[DDBS_AWS_HEADERS_MAX];
    char lines[6][512]; /* the headers that are ours */
    char *token_line;   /* malloc's: a session token has no limit */
};

/* Check a request: NULL, or what is wrong with it. */
const char *ddbs_aws__request_fault(const ddbs_aws_request *request);

/* Send requests, at once, and judge what came back: fault and type of each. `left_ms` as ddbs_aws__time_left() tells.
 * DDBS_OK whatever the faults are; DDBS_E_USAGE: there are no credentials, DDBS_E_MEMORY. */
ddbs_status ddbs_aws__send(ddbs_aws *aws, struct ddbs_aws_attempt *const *attempts, size_t count, int64_t left_ms);

/* Give back what an attempt holds. */
void ddbs_aws__end(struct ddbs_aws_attempt *attempt);
#endif
