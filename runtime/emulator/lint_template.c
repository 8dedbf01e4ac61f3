/* lint_template.c: see lint.h. Finds the mappings in a SAM or CloudFormation template, and what else in it decides
 * whether records get through: the functions, the tables' streams, the alarms. */
#include "lint.h"

#include <stdio.h>
#include <string.h>

enum { WHERE_MAX = 256 };

struct template
{
    struct lint *lint;
    const struct yaml *resources;
    const struct yaml *globals; /* SAM: what every function has; NULL: nothing */
};

static bool is(const struct yaml *node, const char *word)
{
    const char *text = yaml_text(node);
    return text != NULL && strcmp(text, word) == 0;
}

static bool is_type(const struct yaml *resource, const char *type)
{
    return is(yaml_at(resource, "Type"), type);
}

static bool begins(const char *text, const char *prefix)
{
    return text != NULL && strncmp(text, prefix, strlen(prefix)) == 0;
}

/* A resource that a value points to: !Ref Name, !GetAtt Name.Attribute or its list form. NULL: something else. */
static const struct yaml *target(const struct template *t, const struct yaml *value)
{
    const struct yaml *attribute = yaml_at(value, "Fn::GetAtt");
    const char *name = yaml_text(yaml_at(value, "Ref"));
    char buffer[WHERE_MAX];
    if (name == NULL && attribute != NULL)
        name = attribute->kind == YAML_LIST ? yaml_text(attribute->child) : yaml_text(attribute);
    if (name == NULL)
        return NULL;
    snprintf(buffer, sizeof buffer, "%.*s", (int)strcspn(name, "."), name);
    return yaml_at(t->resources, buffer);
}

/* A member of a function's environment, where every function's has it too. */
static const struct yaml *variable(const struct template *t, const struct yaml *function, const char *name)
{
    char path[WHERE_MAX];
    snprintf(path, sizeof path, "Properties.Environment.Variables.%s", name);
    const struct yaml *own = yaml_at(function, path);
    return own != NULL ? own : yaml_at(t->globals, path + strlen("Properties."));
}

/* ---- Mappings ---- */

/* Whether a source is a stream with shards; what is not known here probably is one. */
static bool is_stream(const struct yaml *arn)
{
    const char *text = yaml_text(arn);
    return !begins(text, "arn:") || strstr(text, ":dynamodb:") != NULL || strstr(text, ":kinesis:") != NULL;
}

static void check_settings(struct template *t, const struct yaml *settings, const struct yaml *at, const char *where,
                           const struct yaml *function)
{
    const struct lint_mapping mapping = {
        .settings = settings,
        .line = at->line,
        .where = where,
        .function_known = function != NULL,
        .mode = function == NULL ? NULL : variable(t, function, "DDBS_REPORT"),
    };
    lint_mapping(t->lint, &mapping);
}

static void check_mapping(struct template *t, const struct yaml *resource)
{
    const struct yaml *settings = yaml_at(resource, "Properties");
    if (settings != NULL && is_stream(yaml_at(settings, "EventSourceArn")))
        check_settings(t, settings, resource, resource->key, target(t, yaml_at(settings, "FunctionName")));
}

/* SAM: mappings as events of a function. */
static void check_events(struct template *t, const struct yaml *function)
{
    const struct yaml *events = yaml_at(function, "Properties.Events");
    for (const struct yaml *event = events == NULL ? NULL : events->child; event != NULL; event = event->next) {
        char where[WHERE_MAX];
        const struct yaml *settings = yaml_at(event, "Properties");
        if (settings == NULL || event->key == NULL || !(is_type(event, "DynamoDB") || is_type(event, "Kinesis")))
            continue;
        snprintf(where, sizeof where, "%s.Events.%s", function->key, event->key);
        check_settings(t, settings, event, where, function);
    }
}

/* ---- Functions, tables ---- */

static void check_function(struct template *t, const struct yaml *function)
{
    const struct yaml *reserved = yaml_at(function, "Properties.ReservedConcurrentExecutions");
    const struct yaml *mode = variable(t, function, "DDBS_REPORT");
    const char *word = yaml_text(mode);
    if (is(reserved, "0"))
        lint_found_at(t->lint, LINT_ERROR, reserved->line, function->key,
                      "a function with no concurrency is never invoked, and every shard waits");
    if (word != NULL && strcmp(word, "items") != 0 && strcmp(word, "error") != 0)
        lint_found_at(t->lint, LINT_ERROR, mode->line, function->key,
                      "DDBS_REPORT is \"%.64s\", with which the function does not start; legal are \"error\" and "
                      "\"items\"",
                      word);
}

static void check_table(struct template *t, const struct yaml *table)
{
    const struct yaml *view = yaml_at(table, "Properties.StreamSpecification.StreamViewType");
    if (is(view, "KEYS_ONLY"))
        lint_found_at(t->lint, LINT_WARNING, view->line, table->key,
                      "KEYS_ONLY: records come without images; NEW_AND_OLD_IMAGES shows what changed");
}

/* ---- Alarms ---- */

/* What somebody should be told about, and how the alarm is recognized. */
static const struct watch {
    const char *metric, *why;
} WATCHES[] = {
    { "IteratorAge", "a blocked or late shard is seen by nobody" },
    { "RecordsFailed", "with partial answers Lambda's own Errors stays 0, so failing records are seen by nobody" },
};

static bool has_alarm(const struct template *t, const char *metric)
{
    for (const struct yaml *r = t->resources->child; r != NULL; r = r->next)
        if (is_type(r, "AWS::CloudWatch::Alarm") && is(yaml_at(r, "Properties.MetricName"), metric))
            return true;
    return false;
}

static void check_alarms(struct template *t)
{
    for (size_t i = 0; i < sizeof WATCHES / sizeof *WATCHES; i++)
        if (!has_alarm(t, WATCHES[i].metric))
            lint_found_at(t->lint, LINT_WARNING, t->resources->line, "Resources", "no alarm on %s: %s",
                          WATCHES[i].metric, WATCHES[i].why);
}

static const struct kind {
    const char *type;
    void (*check)(struct template *t, const struct yaml *resource);
} KINDS[] = {
    { "AWS::Lambda::EventSourceMapping", check_mapping },
    { "AWS::Lambda::Function", check_function },
    { "AWS::Serverless::Function", check_function },
    { "AWS::Serverless::Function", check_events },
    { "AWS::DynamoDB::Table", check_table },
    { "AWS::DynamoDB::GlobalTable", check_table },
};

bool lint_template(struct lint *lint, const struct yaml *root)
{
    struct template t = { lint, yaml_at(root, "Resources"), yaml_at(root, "Globals.Function") };
    if (t.resources == NULL || t.resources->kind != YAML_MAP)
        return false;
    for (const struct yaml *resource = t.resources->child; resource != NULL; resource = resource->next)
        for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
            if (is_type(resource, KINDS[i].type))
                KINDS[i].check(&t, resource);
    if (lint->mappings > 0)
        check_alarms(&t);
    return true;
}
