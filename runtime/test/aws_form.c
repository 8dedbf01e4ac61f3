/* aws_form.c: the entries of requests that are forms (SNS, CloudWatch), and the object of S3. */
#include "runtime/test/driver.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { OBJECT_MAX = 256 * 1024 * 1024, HEX = 16 };

/* ---- Forms ------------------------------------------------------------------------------------------------------- */

static int hex_value(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *at = digit == '\0' ? NULL : strchr(digits, digit >= 'A' && digit <= 'F' ? digit - 'A' + 'a' : digit);
    return at == NULL ? -1 : (int)(at - digits);
}

/* A part of a form without its escapes; {NULL, 0}: out of memory, or an escape that is none. */
static ddbs_str unescape(ddbs_test *test, const char *text, size_t len)
{
    char *out = ddbs_arena__alloc(test->aws.arena, len + 1);
    size_t used = 0;
    for (size_t i = 0; out != NULL && i < len; i++) {
        int high = text[i] == '%' && i + 2 < len ? hex_value(text[i + 1]) : -1;
        int low = high < 0 ? -1 : hex_value(text[i + 2]);
        if (text[i] == '%' && low < 0)
            return (ddbs_str){ NULL, 0 };
        out[used++] = text[i] == '%' ? (char)(high * HEX + low) : text[i] == '+' ? ' ' : text[i];
        i += text[i] == '%' ? 2 : 0;
    }
    if (out == NULL)
        return (ddbs_str){ NULL, 0 };
    out[used] = '\0';
    return (ddbs_str){ out, used };
}

/* The next `name=value`. False: there is none, or it is malformed. */
static bool next_pair(ddbs_test *test, ddbs_str *rest, ddbs_str *name, ddbs_str *value)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != '&')
        len++;
    const char *equals = len == 0 ? NULL : memchr(rest->ptr, '=', len);
    if (equals == NULL)
        return false;
    *name = unescape(test, rest->ptr, (size_t)(equals - rest->ptr));
    *value = unescape(test, equals + 1, len - (size_t)(equals + 1 - rest->ptr));
    size_t taken = len < rest->len ? len + 1 : len;
    rest->ptr += taken;
    rest->len -= taken;
    return name->ptr != NULL && value->ptr != NULL;
}

/* The entry that "LIST.member.3.Message" is of, which may be a new one, and its `field`; NULL: of none. */
static struct driver_entry *entry_of(ddbs_test *test, struct driver_call *call, const char *name, const char *list,
                                     const char **field)
{
    char *end;
    size_t len = strlen(list);
    if (strncmp(name, list, len) != 0)
        return NULL;
    unsigned long number = strtoul(name + len, &end, 10);
    if (*end != '.' || number == 0 || number > call->told.entries + 1)
        return NULL;
    *field = end + 1;
    return number <= call->told.entries ? &call->entries[number - 1] : driver_add_entry(test, call);
}

/* Where a field goes. */
typedef void set_fn(struct driver_entry *entry, const char *field, ddbs_str value);

static bool read_form(ddbs_test *test, struct driver_call *call, const char *list, const char *to, set_fn *set)
{
    ddbs_str rest = call->told.body, name, value, target = { "", 0 };
    while (next_pair(test, &rest, &name, &value)) {
        const char *field;
        struct driver_entry *entry = entry_of(test, call, name.ptr, list, &field);
        if (entry != NULL)
            set(entry, field, value);
        else if (strcmp(name.ptr, to) == 0)
            target = value;
    }
    for (size_t i = 0; i < call->told.entries; i++)
        call->entries[i].told.to = target.ptr;
    return rest.len == 0 && call->told.entries > 0;
}

static void set_message(struct driver_entry *entry, const char *field, ddbs_str value)
{
    ddbs_test_sent *told = &entry->told;
    if (strcmp(field, "Id") == 0)
        entry->name = value;
    else if (strcmp(field, "Message") == 0)
        told->body = value;
    else if (strcmp(field, "Subject") == 0)
        told->subject = value;
    else if (strcmp(field, "MessageGroupId") == 0)
        told->key = value;
    else if (strcmp(field, "MessageDeduplicationId") == 0)
        told->id = value;
}

bool driver_read_sns(ddbs_test *test, struct driver_call *call)
{
    if (!read_form(test, call, "PublishBatchRequestEntries.member.", "TopicArn", set_message))
        return false;
    for (size_t i = 0; i < call->told.entries; i++) {
        if (call->entries[i].name.ptr == NULL || call->entries[i].told.body.ptr == NULL)
            return false;
    }
    return true;
}

static void set_metric(struct driver_entry *entry, const char *field, ddbs_str value)
{
    if (strcmp(field, "MetricName") == 0)
        entry->told.key = value;
    else if (strcmp(field, "Value") == 0)
        entry->told.body = value;
}

bool driver_read_metrics(ddbs_test *test, struct driver_call *call)
{
    return read_form(test, call, "MetricData.member.", "Namespace", set_metric);
}

/* ---- S3 ---------------------------------------------------------------------------------------------------------- */

/* "https://BUCKET.s3.eu-west-1.amazonaws.com/KEY", or ".../BUCKET/KEY" behind any other host. */
static bool split_url(ddbs_test *test, const char *url, struct driver_entry *entry)
{
    const char *host = strstr(url, "://");
    host = host == NULL ? url : host + 3;
    const char *path = strchr(host, '/'), *label = strstr(host, ".s3.");
    if (path == NULL)
        return false;
    path++;
    size_t bucket = strcspn(path, "/");
    bool virtual = label != NULL && label < path;
    ddbs_str name = virtual ? driver_keep(test, host, (size_t)(label - host)) : driver_keep(test, path, bucket);
    if (!virtual && path[bucket] == '\0')
        return false;
    entry->told.key = ddbs_str_c(virtual ? path : path + bucket + 1);
    entry->told.to = name.ptr;
    return name.ptr != NULL;
}

bool driver_read_object(ddbs_test *test, struct driver_call *call)
{
    struct driver_entry *entry = driver_add_entry(test, call);
    const char *encoding = driver_header(&call->told, "Content-Encoding");
    ddbs_buf plain = { .arena = test->aws.arena };
    ddbs_bytes body = { (const unsigned char *)call->told.body.ptr, call->told.body.len };
    if (entry == NULL || !split_url(test, call->told.url, entry))
        return false;
    entry->told.body = call->told.body;
    if (encoding == NULL || strcasecmp(encoding, "gzip") != 0)
        return true;
    bool unpacked = ddbs_inflate(body, OBJECT_MAX, &plain) == DDBS_OK;
    entry->told.body = ddbs_buf_str(&plain);
    return unpacked;
}
