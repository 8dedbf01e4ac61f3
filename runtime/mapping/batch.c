/* batch.c: records of the mapping's own: one piece of memory each, for both texts. */
#include "runtime/mapping/engine.h"

#include <stdlib.h>
#include <string.h>

bool mapping_copy(struct mapping_record *out, const struct mapping_record *record)
{
    char *copy = malloc(record->json.len + record->sequence.len + 2);
    if (copy == NULL)
        return false;
    char *sequence = copy + record->json.len + 1;
    memcpy(copy, record->json.ptr, record->json.len);
    sequence[-1] = '\0';
    memcpy(sequence, record->sequence.ptr, record->sequence.len);
    sequence[record->sequence.len] = '\0';
    *out = *record;
    out->json.ptr = copy;
    out->sequence.ptr = sequence;
    return true;
}

void mapping_drop(struct mapping_record *record)
{
    free((char *)record->json.ptr); /* the sequence number lies behind it */
    *record = (struct mapping_record){ .place = 0 };
}

/* Room for one more: a batch is mostly far from BatchSize, so that is not what is taken at once. */
static bool grow(struct batch *batch)
{
    size_t capacity = batch->capacity == 0 ? 16 : 2 * batch->capacity;
    if (batch->count < batch->capacity)
        return true;
    struct mapping_record *grown = realloc(batch->records, capacity * sizeof *grown);
    if (grown == NULL)
        return false;
    batch->records = grown;
    batch->capacity = capacity;
    return true;
}

bool mapping_push(struct batch *batch, const struct mapping_record *record)
{
    if (!grow(batch))
        return false;
    batch->bytes += record->json.len + (batch->count > 0); /* and the comma before it */
    batch->records[batch->count++] = *record;
    return true;
}

void mapping_empty(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        mapping_drop(&batch->records[i]);
    batch->count = 0;
    batch->bytes = 0;
}
