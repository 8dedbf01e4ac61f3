/* environment.c: see environment.h. */
#include "environment.h"

#include "clock.h"
#include "id.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MEMORY_MB = 128, VARIABLES_OWN = 32, VARIABLE_SIZE = 2 * PATH_MAX + 64 };

/* Variables of the caller that would lead a function to other credentials than the fake ones, or make a runtime believe
 * that it runs somewhere else. */
static const char *const not_inherited[] = {
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_ACCESS_KEY",
    "AWS_SECURITY_TOKEN",
    "AWS_ROLE_ARN",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EXECUTION_ENV",
    "AWS_LAMBDA_MAX_CONCURRENCY",
    "AWS_LAMBDA_METADATA_API",
    "AWS_LAMBDA_METADATA_TOKEN",
    "_LAMBDA_TELEMETRY_LOG_FD",
    "_LAMBDA_TELEMETRY_LOG_FD_PROVIDER_SOCKET",
    "_X_AMZN_TRACE_ID",
};

struct builder {
    char **variables;
    size_t count;
    bool failed;
};

static size_t name_len(const char *variable)
{
    return strcspn(variable, "=");
}

static char **find(const struct builder *builder, const char *variable)
{
    size_t len = name_len(variable);
    for (size_t i = 0; i < builder->count; i++) {
        if (name_len(builder->variables[i]) == len && memcmp(builder->variables[i], variable, len) == 0)
            return &builder->variables[i];
    }
    return NULL;
}

/* Add a variable, or replace the one of that name. */
static void put(struct builder *builder, const char *variable)
{
    char **place = find(builder, variable);
    char *copy = strdup(variable);
    if (copy == NULL) {
        builder->failed = true;
    } else if (place != NULL) {
        free(*place);
        *place = copy;
    } else {
        builder->variables[builder->count++] = copy;
    }
}

__attribute__((format(printf, 2, 3))) static void set(struct builder *builder, const char *format, ...)
{
    char variable[VARIABLE_SIZE];
    va_list arguments;
    int len;
    va_start(arguments, format);
    len = vsnprintf(variable, sizeof variable, format, arguments);
    va_end(arguments);
    if (len < 0 || (size_t)len >= sizeof variable)
        builder->failed = true;
    else
        put(builder, variable);
}

static void set_default(struct builder *builder, const char *variable)
{
    if (find(builder, variable) == NULL)
        put(builder, variable);
}

static void inherit(struct builder *builder)
{
    for (char **variable = environ; variable != NULL && *variable != NULL; variable++) {
        bool inherited = true;
        for (size_t i = 0; i < sizeof not_inherited / sizeof *not_inherited; i++) {
            if (strlen(not_inherited[i]) == name_len(*variable) &&
                strncmp(*variable, not_inherited[i], name_len(*variable)) == 0)
                inherited = false;
        }
        if (inherited)
            put(builder, *variable);
    }
}

/* The folder of the program, or the current one where its name has no slash. */
static void set_task_root(struct builder *builder, const char *bootstrap)
{
    char current[PATH_MAX];
    const char *slash = strrchr(bootstrap, '/');
    int len = slash == NULL ? 0 : (int)(slash - bootstrap);
    if (bootstrap[0] == '/')
        set(builder, "LAMBDA_TASK_ROOT=%.*s", len > 0 ? len : 1, bootstrap);
    else if (getcwd(current, sizeof current) != NULL)
        set(builder, "LAMBDA_TASK_ROOT=%s%s%.*s", current, len > 0 ? "/" : "", len, bootstrap);
}

static void set_log_stream(struct builder *builder)
{
    char day[16], id[32 + 1];
    time_t now = (time_t)(clock_ms(CLOCK_REALTIME) / 1000);
    struct tm utc;
    id_hex(id, 32);
    if (gmtime_r(&now, &utc) == NULL || strftime(day, sizeof day, "%Y/%m/%d", &utc) == 0)
        return;
    set(builder, "AWS_LAMBDA_LOG_STREAM_NAME=%s/[$LATEST]%s", day, id);
}

/* What Lambda sets, with the values of an invented account. */
static void set_lambda(struct builder *builder, const struct environment_config *config)
{
    static const char *const fixed[] = {
        "AWS_REGION=eu-west-1",
        "AWS_DEFAULT_REGION=eu-west-1",
        "AWS_ACCESS_KEY_ID=ASIADDBSTREAMLOCAL00",
        "AWS_SECRET_ACCESS_KEY=ddbstream-local-secret-that-opens-nothing",
        "AWS_SESSION_TOKEN=ddbstream-local-token",
        "AWS_LAMBDA_FUNCTION_VERSION=$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
        "AWS_XRAY_CONTEXT_MISSING=LOG_ERROR",
        "LAMBDA_RUNTIME_DIR=/var/runtime",
        "_HANDLER=bootstrap",
        "TZ=:UTC",
    };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        put(builder, fixed[i]);
    set(builder, "AWS_LAMBDA_FUNCTION_MEMORY_SIZE=%d", config->memory_mb == 0 ? MEMORY_MB : config->memory_mb);
    set(builder, "AWS_LAMBDA_FUNCTION_NAME=%s", config->function_name);
    set(builder, "AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/%s", config->function_name);
    set_log_stream(builder);
    set_task_root(builder, config->bootstrap);
    set_default(builder, "AWS_LAMBDA_LOG_FORMAT=Text");
    set_default(builder, "LANG=en_US.UTF-8");
    set_default(builder, "DDBS_METRICS=off"); /* lines for CloudWatch, which nobody wants to read on a screen */
    set_default(builder, "PATH=/usr/local/bin:/usr/bin:/bin");
}

static size_t count_of(const char *const *variables)
{
    size_t count = 0;
    while (variables != NULL && variables[count] != NULL)
        count++;
    return count;
}

char **environment_new(const struct environment_config *config)
{
    size_t inherited = count_of((const char *const *)environ), more = count_of(config->more);
    struct builder builder = { .variables = calloc(inherited + more + VARIABLES_OWN, sizeof(char *)) };
    if (builder.variables == NULL)
        return NULL;
    inherit(&builder);
    set_lambda(&builder, config);
    for (size_t i = 0; i < more; i++)
        put(&builder, config->more[i]);
    set(&builder, "AWS_LAMBDA_RUNTIME_API=127.0.0.1:%d", config->port);
    if (!builder.failed)
        return builder.variables;
    environment_free(builder.variables);
    return NULL;
}

void environment_free(char **environment)
{
    for (char **variable = environment; variable != NULL && *variable != NULL; variable++)
        free(*variable);
    free(environment);
}
