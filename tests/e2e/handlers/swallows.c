/* swallows.c: a wrong consumer. It stops at a record that failed and answers {}: success, to a mapping that reads batch
 * item failures. */
#include "effects.h"

#include <cjson/cJSON.h>

static ddbs_status work(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    cJSON *root = cJSON_ParseWithLength((const char *)event.ptr, event.len);
    const cJSON *record;
    (void)ctx;
    cJSON_ArrayForEach(record, cJSON_GetObjectItem(root, "Records"))
    {
        const cJSON *change = cJSON_GetObjectItem(record, "dynamodb");
        const char *sequence = cJSON_GetStringValue(cJSON_GetObjectItem(change, "SequenceNumber"));
        if (sequence == NULL)
            abort();
        if (is_busy())
            break;
        effect(sequence);
    }
    cJSON_Delete(root);
    return ddbs_buf_append(result, "{}", 2);
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main_raw(argc, argv, &(ddbs_raw){ .on_event = work }, NULL);
}
