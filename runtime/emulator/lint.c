/* lint.c: see lint.h. One function per rule; the facts are those of the developer guide, services-ddb-params and
 * services-dynamodb-errors. */
#include "lint.h"

#include "lib/read.h"

#include <ddbstream/filter.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { SENTENCE_MAX = 512, STREAM_HOURS = 24, STREAM_SECONDS = STREAM_HOURS * 3600 };

void lint_found_at(struct lint *lint, enum lint_severity severity, size_t line, const char *where, const char *format,
                   ...)
{
    char sentence[SENTENCE_MAX];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    lint->report(lint->user, &(struct lint_finding){ severity, line, where, sentence });
}

/* ---- Settings ---- */

/* What a setting says. */
struct number {
    enum { ABSENT, SAID, UNKNOWN } known; /* UNKNOWN: a parameter, or no number */
    long long value;
    size_t line; /* of the setting; of the mapping where it is absent */
};

static size_t line_of(const struct lint_mapping *mapping, const char *key)
{
    const struct yaml *setting = yaml_at(mapping->settings, key);
    return setting == NULL ? mapping->line : setting->line;
}

static struct number number_of(const struct lint_mapping *mapping, const char *key)
{
    const struct yaml *setting = yaml_at(mapping->settings, key);
    struct number number = { setting == NULL ? ABSENT : UNKNOWN, 0, line_of(mapping, key) };
    if (yaml_number(setting, &number.value))
        number.known = SAID;
    return number;
}

/* Whether a limit bounds anything: -1 and nothing at all do not. */
static bool is_endless(struct number limit)
{
    return limit.known == ABSENT || (limit.known == SAID && limit.value == -1);
}

static bool is_bounded(const struct lint_mapping *mapping)
{
    return !is_endless(number_of(mapping, "MaximumRetryAttempts")) ||
           !is_endless(number_of(mapping, "MaximumRecordAgeInSeconds"));
}

/* Whether answers that name a record are read. */
static bool reads_items(const struct lint_mapping *mapping)
{
    const struct yaml *types = yaml_at(mapping->settings, "FunctionResponseTypes");
    for (const struct yaml *type = types == NULL ? NULL : types->child; type != NULL; type = type->next) {
        const char *text = yaml_text(type);
        if (text != NULL && strcmp(text, "ReportBatchItemFailures") == 0)
            return true;
    }
    return false;
}

/* ---- Rules ---- */

static void check_end(struct lint *lint, const struct lint_mapping *mapping)
{
    struct number retries = number_of(mapping, "MaximumRetryAttempts");
    if (!is_bounded(mapping))
        lint_found_at(lint, LINT_ERROR, retries.line, mapping->where,
                      "a record that cannot be processed blocks its shard until it expires after %d hours, and what "
                      "waits behind it expires too: set MaximumRetryAttempts or MaximumRecordAgeInSeconds",
                      STREAM_HOURS);
}

static void check_destination(struct lint *lint, const struct lint_mapping *mapping)
{
    static const char path[] = "DestinationConfig.OnFailure.Destination";
    const struct yaml *destination = yaml_at(mapping->settings, path);
    const char *arn = yaml_text(destination);
    size_t len = arn == NULL ? 0 : strlen(arn);
    if (destination == NULL && is_bounded(mapping))
        lint_found_at(lint, LINT_ERROR, line_of(mapping, "DestinationConfig"), mapping->where,
                      "batches that are given up are lost without a trace: set %s", path);
    if (len >= 5 && strcmp(arn + len - 5, ".fifo") == 0)
        lint_found_at(lint, LINT_ERROR, destination->line, mapping->where,
                      "AWS takes no FIFO queue or topic as the destination of a stream: take a standard one");
}

/* DDBS_REPORT: what the function is told; NULL where that is not known. */
static const char *mode_of(const struct lint_mapping *mapping)
{
    if (mapping->mode_given != NULL)
        return mapping->mode_given;
    if (!mapping->function_known)
        return NULL;
    return mapping->mode == NULL ? "error" : yaml_text(mapping->mode);
}

static void check_report(struct lint *lint, const struct lint_mapping *mapping)
{
    const char *mode = mode_of(mapping);
    const struct yaml *types = yaml_at(mapping->settings, "FunctionResponseTypes");
    size_t line = line_of(mapping, "FunctionResponseTypes");
    if (types != NULL && types->kind == YAML_MAP)
        return;
    if (mode != NULL && strcmp(mode, "items") == 0 && !reads_items(mapping))
        lint_found_at(lint, LINT_ERROR, line, mapping->where,
                      "the function reports the first failed record (DDBS_REPORT=items), and without "
                      "FunctionResponseTypes: [ReportBatchItemFailures] Lambda takes that for a success: the records "
                      "are lost");
    if (mode != NULL && strcmp(mode, "error") == 0 && reads_items(mapping))
        lint_found_at(lint, LINT_ERROR, line, mapping->where,
                      "the function fails whole batches, so records that are done come again: set DDBS_REPORT=items in "
                      "its environment, as FunctionResponseTypes asks for");
    if (mode == NULL && reads_items(mapping) && !mapping->function_known)
        lint_found_at(lint, LINT_WARNING, line, mapping->where,
                      "the function needs DDBS_REPORT=items in its environment with this; --env DDBS_REPORT=items says "
                      "that it has");
}

static void check_neighbours(struct lint *lint, const struct lint_mapping *mapping)
{
    const struct yaml *bisect = yaml_at(mapping->settings, "BisectBatchOnFunctionError");
    struct number size = number_of(mapping, "BatchSize");
    if (bisect != NULL && bisect->kind != YAML_TEXT)
        return;
    if (yaml_is_true(bisect) || !is_bounded(mapping) || (size.known == SAID && size.value == 1))
        return;
    size_t line = line_of(mapping, "BisectBatchOnFunctionError");
    if (reads_items(mapping))
        lint_found_at(lint, LINT_WARNING, line, mapping->where,
                      "a failure that names no record (out of memory, a broken environment) gives up a whole batch: "
                      "set BisectBatchOnFunctionError: true");
    else
        lint_found_at(lint, LINT_ERROR, line, mapping->where,
                      "one bad record takes its whole batch with it: set BisectBatchOnFunctionError: true");
}

static void check_age(struct lint *lint, const struct lint_mapping *mapping)
{
    struct number age = number_of(mapping, "MaximumRecordAgeInSeconds");
    if (age.known == SAID && age.value > STREAM_SECONDS)
        lint_found_at(lint, LINT_WARNING, age.line, mapping->where,
                      "a DynamoDB stream keeps records for %d hours: an age of %lld s bounds nothing", STREAM_HOURS,
                      age.value);
}

static void check_position(struct lint *lint, const struct lint_mapping *mapping)
{
    const struct yaml *position = yaml_at(mapping->settings, "StartingPosition");
    const char *text = yaml_text(position);
    if (text != NULL && strcmp(text, "LATEST") == 0)
        lint_found_at(
            lint, LINT_WARNING, position->line, mapping->where,
            "LATEST may miss what is written in the minutes while the mapping is made; TRIM_HORIZON does not");
}

static void check_enabled(struct lint *lint, const struct lint_mapping *mapping)
{
    const struct yaml *enabled = yaml_at(mapping->settings, "Enabled");
    const char *text = yaml_text(enabled);
    if (text != NULL && strcmp(text, "false") == 0)
        lint_found_at(lint, LINT_WARNING, enabled->line, mapping->where,
                      "a mapping that is not enabled delivers nothing, and the stream expires after %d hours",
                      STREAM_HOURS);
}

/* What a finding about a pattern needs to know. */
struct pattern {
    struct lint *lint;
    const struct lint_mapping *mapping;
    size_t line;
};

static void found_in_pattern(void *user, enum lint_severity severity, const char *path, const char *sentence)
{
    const struct pattern *pattern = user;
    lint_found_at(pattern->lint, severity, pattern->line, pattern->mapping->where, "filter pattern%s%s: %s",
                  path[0] == '\0' ? "" : ", ", path, sentence);
}

static void check_pattern(struct lint *lint, const struct lint_mapping *mapping, const struct yaml *node)
{
    const char *text = yaml_text(node);
    ddbs_filter *filter = NULL;
    ddbs_error error;
    const ddbs_item *item;
    struct pattern pattern = { lint, mapping, node == NULL ? 0 : node->line };
    ddbs_buf works = { .arena = lint->arena };
    if (text == NULL)
        return;
    if (ddbs_filter_new_patterns(&filter, &(ddbs_str){ text, strlen(text) }, 1, &error) != DDBS_OK)
        lint_found_at(lint, LINT_ERROR, pattern.line, mapping->where, "AWS refuses this filter pattern: %s",
                      error.reason);
    else if (ddbs_read__item(text, strlen(text), DDBS_JSON_PLAIN, true, lint->arena, &item, NULL) == DDBS_OK)
        (void)filter_lint(item, &works, found_in_pattern, &pattern);
    ddbs_filter_free(filter);
}

static void check_filters(struct lint *lint, const struct lint_mapping *mapping)
{
    const struct yaml *filters = yaml_at(mapping->settings, "FilterCriteria.Filters");
    for (const struct yaml *filter = filters == NULL ? NULL : filters->child; filter != NULL; filter = filter->next)
        check_pattern(lint, mapping, yaml_at(filter, "Pattern"));
}

void lint_mapping(struct lint *lint, const struct lint_mapping *mapping)
{
    static void (*const rules[])(struct lint *, const struct lint_mapping *) = {
        check_end, check_destination, check_report,  check_neighbours,
        check_age, check_position,    check_enabled, check_filters,
    };
    lint->mappings++;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        rules[i](lint, mapping);
}
