/* template.h: what a SAM or CloudFormation template says of the function that consumes a stream: its limits, its
 * environment, and its event source mapping. */
#ifndef EMULATOR_TEMPLATE_H
#define EMULATOR_TEMPLATE_H
#include <ddbstream/convert.h>

enum { TEMPLATE_ENV_MAX = 100 };

struct template
{
    const char *function; /* its logical id */
    int timeout_s;        /* Timeout; Lambda's default where it is not set: 3 */
    int memory_mb;        /* MemorySize; 128 likewise */
    /* Environment.Variables with a plain value, "NAME=value", NULL-terminated. Values that only exist once it is
     * deployed are left out. */
    const char *env[TEMPLATE_ENV_MAX + 1];
    size_t env_count, env_unknown;
    /* Its mapping as JSON, the input of CreateEventSourceMapping, with invented ARNs for what is made in the template;
     * "" where it was not asked for. */
    const char *mapping;
    size_t mapping_len;
};

/* Read the template. `function` is the logical id or the name of the function, NULL: the one that consumes a DynamoDB
 * stream, or the only one. Texts live in `arena`. 0, or -1 with a sentence in `why`. */
int template_load(struct template *out, ddbs_arena *arena, const char *path, const char *function, bool want_mapping,
                  char *why, size_t why_size);
#endif
