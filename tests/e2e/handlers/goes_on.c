/* goes_on.c: a wrong consumer. After a record that failed it goes on with the next ones, and names the failed one at
 * the end: it comes again when later changes of its item are done. */
#include "effects.h"

#include <cjson/cJSON.h>
#include <string.h>

static ddbs_status work(ddbs_ctx *ctx, ddbs_bytes event, ddbs_buf *result)
{
    cJSON *root = cJSON_ParseWithLength((const char *)event.ptr, event.len);
    char failed[DDBS_SEQUENCE_MAX + 64] = "{\"batchItemFailures\":[]}";
    bool any = false;
    const cJSON *record;
    (void)ctx;
    cJSON_ArrayForEach(record, cJSON_GetObjectItem(root, "Records"))
    {
        const cJSON *change = cJSON_GetObjectItem(record, "dynamodb");
        const char *sequence = cJSON_GetStringValue(cJSON_GetObjectItem(change, "SequenceNumber"));
        if (sequence == NULL)
            abort();
        if (!any && is_busy()) {
            any = true;
            snprintf(failed, sizeof failed, "{\"batchItemFailures\":[{\"itemIdentifier\":\"%s\"}]}", sequence);
            continue;
        }
        effect(sequence);
    }
    cJSON_Delete(root);
    return ddbs_buf_append(result, failed, strlen(failed));
}

int main(int argc, char **argv)
{
    return ddbs_lambda_main_raw(argc, argv, &(ddbs_raw){ .on_event = work }, NULL);
}
