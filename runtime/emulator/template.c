/* template.c: see template.h. Where a value is a reference, it is followed as far as the template goes: to the default
 * of a parameter, or to a resource, for which an ARN of an invented account is made. */
#include "template.h"

#include "command.h"
#include "yaml.h"

#include "lib/buf.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1024 * 1024, NAME_SIZE = 256, DEPTH_MAX = 64, TIMEOUT_S = 3, MEMORY_MB = 128 };

#define ACCOUNT "eu-west-1:111122223333:"

struct reader {
    struct template *out;
    ddbs_arena *arena;
    const char *path;
    const struct yaml *root, *resources, *function;
    char *why;
    size_t why_size;
};

static bool refuse(struct reader *reader, size_t line, const char *format, ...) __attribute__((format(printf, 3, 4)));
static bool refuse(struct reader *reader, size_t line, const char *format, ...)
{
    char reason[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    snprintf(reader->why, reader->why_size, "%s: line %zu: %s", reader->path, line, reason);
    return false;
}

static bool is_text(const struct yaml *node, const char *word)
{
    const char *text = yaml_text(node);
    return text != NULL && strcmp(text, word) == 0;
}

static bool is_function(const struct yaml *resource)
{
    const struct yaml *type = yaml_at(resource, "Type");
    return is_text(type, "AWS::Lambda::Function") || is_text(type, "AWS::Serverless::Function");
}

static const struct yaml *first(const struct yaml *node)
{
    return node == NULL ? NULL : node->child;
}

/* ---- References -------------------------------------------------------------------------------------------------- */

/* The logical id that a value refers to, without an attribute; "": it is no reference. */
static void reference(const struct yaml *value, char out[NAME_SIZE])
{
    const struct yaml *attribute = yaml_at(value, "Fn::GetAtt");
    const char *name = yaml_text(yaml_at(value, "Ref"));
    if (name == NULL && attribute != NULL)
        name = attribute->kind == YAML_LIST ? yaml_text(attribute->child) : yaml_text(attribute);
    snprintf(out, NAME_SIZE, "%.*s", name == NULL ? 0 : (int)strcspn(name, "."), name == NULL ? "" : name);
}

static bool refers_to(const struct yaml *value, const char *id)
{
    char name[NAME_SIZE];
    reference(value, name);
    return strcmp(name, id) == 0;
}

/* The value itself, or the default of the parameter that it refers to. */
static const struct yaml *resolve(const struct reader *reader, const struct yaml *value)
{
    char name[NAME_SIZE], path[NAME_SIZE + 32];
    reference(value, name);
    snprintf(path, sizeof path, "Parameters.%s.Default", name);
    const struct yaml *standard = name[0] == '\0' ? NULL : yaml_at(reader->root, path);
    return standard != NULL ? standard : value;
}

/* An ARN for the resource that a value refers to. False: the template does not say what it is. */
static bool invent_arn(const struct reader *reader, const struct yaml *value, char *out, size_t size)
{
    static const struct {
        const char *type, *before, *behind;
    } kinds[] = {
        { "AWS::DynamoDB::Table", "dynamodb:" ACCOUNT "table/", "/stream/2026-01-01T00:00:00.000" },
        { "AWS::DynamoDB::GlobalTable", "dynamodb:" ACCOUNT "table/", "/stream/2026-01-01T00:00:00.000" },
        { "AWS::SQS::Queue", "sqs:" ACCOUNT, "" },
        { "AWS::SNS::Topic", "sns:" ACCOUNT, "" },
        { "AWS::S3::Bucket", "s3:::", "" },
    };
    char name[NAME_SIZE];
    reference(value, name);
    const struct yaml *type = yaml_at(name[0] == '\0' ? NULL : yaml_at(reader->resources, name), "Type");
    for (size_t i = 0; type != NULL && i < sizeof kinds / sizeof *kinds; i++) {
        if (!is_text(type, kinds[i].type))
            continue;
        bool bucket = strcmp(kinds[i].before, "s3:::") == 0; /* their names have no capitals */
        for (char *at = name; bucket && *at != '\0'; at++)
            *at = (char)tolower((unsigned char)*at);
        snprintf(out, size, "arn:aws:%s%s%s", kinds[i].before, name, kinds[i].behind);
        return true;
    }
    return false;
}

/* ---- The function ------------------------------------------------------------------------------------------------ */

static bool is_stream_event(const struct yaml *event)
{
    return is_text(yaml_at(event, "Type"), "DynamoDB");
}

static bool is_stream(const struct reader *reader, const struct yaml *arn)
{
    char invented[2 * NAME_SIZE];
    const char *text = yaml_text(resolve(reader, arn));
    if (text == NULL)
        text = invent_arn(reader, arn, invented, sizeof invented) ? invented : "";
    return strstr(text, ":dynamodb:") != NULL;
}

static bool is_mapping_of(const struct reader *reader, const struct yaml *resource, const struct yaml *function)
{
    const struct yaml *name = yaml_at(resource, "Properties.FunctionName");
    const char *given = yaml_text(yaml_at(function, "Properties.FunctionName"));
    bool named = yaml_text(name) != NULL && given != NULL && strcmp(yaml_text(name), given) == 0;
    return is_text(yaml_at(resource, "Type"), "AWS::Lambda::EventSourceMapping") &&
           is_stream(reader, yaml_at(resource, "Properties.EventSourceArn")) &&
           (named || refers_to(name, function->key));
}

/* The settings of the function's first mapping on a DynamoDB stream, and how many it has. */
static const struct yaml *mapping_of(const struct reader *reader, const struct yaml *function, size_t *count)
{
    const struct yaml *found = NULL;
    *count = 0;
    for (const struct yaml *e = first(yaml_at(function, "Properties.Events")); e != NULL; e = e->next)
        if (is_stream_event(e) && (*count)++ == 0)
            found = yaml_at(e, "Properties");
    for (const struct yaml *r = reader->resources->child; r != NULL; r = r->next)
        if (is_mapping_of(reader, r, function) && (*count)++ == 0)
            found = yaml_at(r, "Properties");
    return found;
}

static bool is_named(const struct yaml *function, const char *name)
{
    return strcmp(function->key, name) == 0 || is_text(yaml_at(function, "Properties.FunctionName"), name);
}

static bool choose_function(struct reader *reader, const char *name)
{
    size_t functions = 0, consumers = 0, mappings;
    const struct yaml *any = NULL, *consumer = NULL;
    for (const struct yaml *r = reader->resources->child; r != NULL; r = r->next) {
        if (!is_function(r) || (name != NULL && !is_named(r, name)))
            continue;
        functions++;
        any = r;
        mapping_of(reader, r, &mappings);
        consumers += mappings > 0;
        if (mappings > 0)
            consumer = r;
    }
    reader->function = consumers == 1 ? consumer : functions == 1 ? any : NULL;
    if (reader->function != NULL)
        return true;
    if (name != NULL)
        return refuse(reader, reader->resources->line, "no function \"%s\"", name);
    return refuse(reader, reader->resources->line,
                  "%zu functions, %zu of them with a DynamoDB stream: say --function NAME", functions, consumers);
}

/* A property of the function, or of all functions in a SAM template. */
static const struct yaml *property(const struct reader *reader, const char *name)
{
    char path[NAME_SIZE];
    snprintf(path, sizeof path, "Properties.%s", name);
    const struct yaml *own = yaml_at(reader->function, path);
    snprintf(path, sizeof path, "Globals.Function.%s", name);
    return resolve(reader, own != NULL ? own : yaml_at(reader->root, path));
}

static bool read_limit(struct reader *reader, const char *name, int standard, int min, int max, int *out)
{
    const struct yaml *node = property(reader, name);
    long long number = standard;
    if (node != NULL && (!yaml_number(node, &number) || number < min || number > max))
        return refuse(reader, node->line, "%s: expected a whole number from %d to %d", name, min, max);
    *out = (int)number;
    return true;
}

static bool add_variable(struct reader *reader, const struct yaml *variable)
{
    struct template *out = reader->out;
    const char *value = yaml_text(resolve(reader, variable));
    ddbs_buf text = { .arena = reader->arena };
    if (value == NULL) {
        out->env_unknown++;
        return true;
    }
    if (out->env_count == TEMPLATE_ENV_MAX)
        return refuse(reader, variable->line, "more than %d variables", TEMPLATE_ENV_MAX);
    ddbs_buf__format(&text, "%s=%s", variable->key, value);
    if (text.failed)
        return refuse(reader, variable->line, "out of memory");
    out->env[out->env_count++] = text.ptr;
    return true;
}

/* The variables of all functions first: the function's own win. */
static bool read_environment(struct reader *reader)
{
    const struct yaml *places[] = { yaml_at(reader->root, "Globals.Function.Environment.Variables"),
                                    yaml_at(reader->function, "Properties.Environment.Variables") };
    for (size_t i = 0; i < 2; i++)
        for (const struct yaml *variable = first(places[i]); variable != NULL; variable = variable->next)
            if (!add_variable(reader, variable))
                return false;
    return true;
}

/* ---- The mapping ------------------------------------------------------------------------------------------------- */

static void put_text(ddbs_buf *json, const char *text)
{
    ddbs_buf__json(json, text, strlen(text));
}

static void put_scalar(ddbs_buf *json, const struct yaml *node)
{
    long long number;
    if (!node->quoted && yaml_number(node, &number))
        ddbs_buf__format(json, "%lld", number);
    else if (!node->quoted && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0))
        ddbs_buf__text(json, node->text);
    else
        put_text(json, node->text);
}

static bool is_intrinsic(const struct yaml *node)
{
    return node->kind == YAML_MAP && node->child != NULL && node->child->next == NULL && node->child->key != NULL &&
           (strcmp(node->child->key, "Ref") == 0 || strncmp(node->child->key, "Fn::", 4) == 0);
}

/* One node without what is in it. Whether the template says what it is. */
static bool put_leaf(struct reader *reader, ddbs_buf *json, const struct yaml *node)
{
    char arn[2 * NAME_SIZE];
    if (node->kind == YAML_TEXT) {
        put_scalar(json, node);
        return true;
    }
    if (!is_intrinsic(node)) { /* empty: others are walked through */
        ddbs_buf__text(json, node->kind == YAML_MAP ? "{}" : "[]");
        return true;
    }
    if (!invent_arn(reader, node, arn, sizeof arn))
        return refuse(reader, node->line, "what this will be, the template does not say: give the mapping with --esm");
    put_text(json, arn);
    return true;
}

/* A value with all that is in it. */
static bool put_tree(struct reader *reader, ddbs_buf *json, const struct yaml *root)
{
    const struct yaml *path[DEPTH_MAX + 1], *node = root;
    char ends[DEPTH_MAX + 1];
    for (size_t depth = 0;;) {
        const struct yaml *shown = resolve(reader, node);
        if (depth > 0 && node->key != NULL) {
            put_text(json, node->key);
            ddbs_buf__text(json, ":");
        }
        if (shown->child != NULL && !is_intrinsic(shown) && depth < DEPTH_MAX) {
            ddbs_buf__text(json, shown->kind == YAML_MAP ? "{" : "[");
            ends[depth] = shown->kind == YAML_MAP ? '}' : ']';
            path[depth++] = node;
            node = shown->child;
            continue;
        }
        if (!put_leaf(reader, json, shown))
            return false;
        while (depth > 0 && node->next == NULL) {
            node = path[--depth];
            ddbs_buf__bytes(json, &ends[depth], 1);
        }
        if (depth == 0)
            return true;
        ddbs_buf__text(json, ",");
        node = node->next;
    }
}

/* SAM's "Type" of a destination is no part of the mapping. */
static bool put_destination(struct reader *reader, ddbs_buf *json, const struct yaml *config)
{
    const struct yaml *arn = yaml_at(config, "OnFailure.Destination");
    if (arn == NULL)
        return put_tree(reader, json, config);
    ddbs_buf__text(json, "{\"OnFailure\":{\"Destination\":");
    bool known = put_tree(reader, json, arn);
    ddbs_buf__text(json, "}}");
    return known;
}

static bool put_setting(struct reader *reader, ddbs_buf *json, const struct yaml *setting)
{
    bool stream = strcmp(setting->key, "Stream") == 0; /* SAM's name */
    if (strcmp(setting->key, "FunctionName") == 0)
        return true;
    ddbs_buf__text(json, ",");
    put_text(json, stream ? "EventSourceArn" : setting->key);
    ddbs_buf__text(json, ":");
    if (strcmp(setting->key, "DestinationConfig") == 0)
        return put_destination(reader, json, setting);
    return put_tree(reader, json, setting);
}

static bool read_mapping(struct reader *reader)
{
    size_t count;
    const char *name = yaml_text(yaml_at(reader->function, "Properties.FunctionName"));
    const struct yaml *settings = mapping_of(reader, reader->function, &count);
    ddbs_buf json = { .arena = reader->arena };
    if (count != 1 || settings == NULL)
        return refuse(reader, reader->function->line, "%s has %zu mappings on DynamoDB streams: say which with --esm",
                      reader->function->key, count);
    ddbs_buf__text(&json, "{\"FunctionName\":");
    put_text(&json, name != NULL ? name : reader->function->key);
    for (const struct yaml *setting = settings->child; setting != NULL; setting = setting->next)
        if (!put_setting(reader, &json, setting))
            return false;
    ddbs_buf__text(&json, "}");
    if (json.failed)
        return refuse(reader, settings->line, "out of memory");
    reader->out->mapping = json.ptr;
    reader->out->mapping_len = json.len;
    return true;
}

/* ---- The whole --------------------------------------------------------------------------------------------------- */

static bool read_all(struct reader *reader, const char *function, bool want_mapping)
{
    struct template *out = reader->out;
    reader->resources = yaml_at(reader->root, "Resources");
    if (reader->resources == NULL || reader->resources->kind != YAML_MAP)
        return refuse(reader, 1, "no Resources: expected a SAM or CloudFormation template");
    if (!choose_function(reader, function))
        return false;
    out->function = reader->function->key;
    return read_limit(reader, "Timeout", TIMEOUT_S, 1, 900, &out->timeout_s) &&
           read_limit(reader, "MemorySize", MEMORY_MB, 128, 10240, &out->memory_mb) && read_environment(reader) &&
           (!want_mapping || read_mapping(reader));
}

int template_load(struct template *out, ddbs_arena *arena, const char *path, const char *function, bool want_mapping,
                  char *why, size_t why_size)
{
    char *text, reason[512];
    size_t len;
    *out = (struct template){ .mapping = "" };
    if (command_read(path, FILE_BYTES_MAX, &text, &len, why, why_size) != 0)
        return -1;
    struct reader reader = { .out = out, .arena = arena, .path = path, .why = why, .why_size = why_size };
    reader.root = yaml_parse(arena, text, len, reason, sizeof reason);
    if (reader.root == NULL)
        snprintf(why, why_size, "%s: %s", path, reason);
    bool read = reader.root != NULL && read_all(&reader, function, want_mapping);
    free(text);
    return read ? 0 : -1;
}
