/* consumer.c: whether a consumer makes sense, and which of its callbacks a record is for. */
#include "lib/context.h"
#include "lib/error.h"

static bool has_record_callbacks(const ddbs_consumer *c)
{
    return c->on_insert != NULL || c->on_modify != NULL || c->on_remove != NULL || c->on_expire != NULL ||
           c->on_any != NULL;
}

static bool has_hooks(const ddbs_consumer *c)
{
    return c->on_batch != NULL || c->on_batch_begin != NULL || c->on_batch_end != NULL || c->on_window != NULL ||
           c->on_start != NULL || c->on_stop != NULL;
}

/* What is wrong with a consumer, its routes apart. A callback that would never be called is a record that nobody
 * handles, so it is refused and not passed over. */
static const char *consumer_fault(const ddbs_consumer *c)
{
    if (c->on_batch != NULL && has_record_callbacks(c))
        return "on_batch takes every record: leave out the callbacks for single ones";
    if (c->on_batch != NULL && c->on_batch_end != NULL)
        return "on_batch returns at the end of the batch: leave out on_batch_end";
    if (c->on_batch != NULL && c->lanes > 1)
        return "on_batch takes every record at once: leave out the lanes";
    if (c->lanes > DDBS_LANES_MAX)
        return "at most 64 lanes";
    if ((c->routes == NULL) != (c->route_count == 0))
        return "routes and route_count go together";
    if (c->routes == NULL)
        return NULL;
    if (c->on_batch != NULL)
        return "on_batch takes every record: leave out the routes";
    return has_record_callbacks(c) ? "the routes take every record: leave out the callbacks beside them" : NULL;
}

static const char *route_fault(const ddbs_route *route)
{
    if (route->table == NULL || route->table[0] == '\0')
        return "a route needs a table's name or a pattern of stream ARNs";
    if (route->consumer == NULL)
        return "a route needs a consumer";
    if (route->consumer->routes != NULL || route->consumer->route_count != 0)
        return "a route's consumer has no routes of its own";
    if (has_hooks(route->consumer))
        return "hooks of batch, window and life belong to the consumer that has the routes";
    if (route->consumer->lanes != 0)
        return "the lanes are set by the consumer that has the routes";
    if (route->consumer->on_poison != NULL)
        return "a record that does not decode has no table: on_poison belongs to the consumer that has the routes";
    return NULL;
}

ddbs_status ddbs_consumer_check(const ddbs_consumer *consumer, ddbs_error *error)
{
    const char *fault = consumer_fault(consumer);
    ddbs_error_clear(error);
    if (fault != NULL)
        return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "%s", fault);
    for (size_t i = 0; i < consumer->route_count; i++) {
        fault = route_fault(&consumer->routes[i]);
        if (fault == NULL)
            continue;
        ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "%s", fault);
        ddbs_error__path_name(error, ddbs_str_c("routes"));
        ddbs_error__path_index(error, i);
        return DDBS_E_USAGE;
    }
    return DDBS_OK;
}

size_t ddbs_consumer__lanes(const ddbs_consumer *consumer, const ddbs_event *event)
{
    return consumer->lanes > 1 && ddbs_event_window(event) == NULL ? consumer->lanes : 1;
}

/* Whether a text has the form of a pattern in which '*' stands for any bytes. What follows the last '*' seen is tried
 * further and further on, so the cost is at most the product of the two lengths. */
static bool matches(const char *pattern, ddbs_str text)
{
    const char *star = NULL;
    size_t at = 0, retry = 0;
    while (at < text.len) {
        if (*pattern == '*') {
            star = ++pattern;
            retry = at;
        } else if (*pattern == text.ptr[at] && *pattern != '\0') {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++retry;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool takes(const ddbs_route *route, const ddbs_record *record)
{
    /* A table's name has no colon, an ARN has five. */
    for (const char *c = route->table; *c != '\0'; c++) {
        if (*c == ':')
            return record->stream_arn.ptr != NULL && matches(route->table, record->stream_arn);
    }
    return ddbs_str_is(record->table, route->table);
}

const ddbs_consumer *ddbs_consumer__of(const ddbs_consumer *consumer, const ddbs_record *record)
{
    if (consumer->routes == NULL)
        return consumer;
    for (size_t i = 0; i < consumer->route_count; i++) {
        if (takes(&consumer->routes[i], record))
            return consumer->routes[i].consumer;
    }
    return NULL;
}

ddbs_record_fn *ddbs_consumer__callback(const ddbs_consumer *consumer, const ddbs_record *record)
{
    ddbs_record_fn *callback = NULL;
    switch (record->operation) {
    case DDBS_OP_INSERT:
        callback = consumer->on_insert;
        break;
    case DDBS_OP_MODIFY:
        callback = consumer->on_modify;
        break;
    case DDBS_OP_REMOVE:
        callback = record->expired && consumer->on_expire != NULL ? consumer->on_expire : consumer->on_remove;
        break;
    case DDBS_OP_UNKNOWN:
        break;
    }
    return callback != NULL ? callback : consumer->on_any;
}
