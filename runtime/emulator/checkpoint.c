/* checkpoint.c: see checkpoint.h. The file:
 *
 *     {"stream":"arn:aws:dynamodb:...","source":"orders.jsonl",
 *      "shards":{"shardId-...":{"place":21,"sequence":"8100...","after":false}}}
 *
 * `place` counts the records of the shard from 1; `sequence` is that of the record there, or, where `after` is true, of
 * the one before it. */
#include "checkpoint.h"

#include "command.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FILE_BYTES_MAX = 16 * 1024 * 1024, WHY_MAX = 512 };

/* How far a shard was skipped. */
struct skip {
    bool known;     /* the file was asked for this shard */
    uint64_t place; /* the first record to hand out; 0: all */
    uint64_t read;
    bool after;
    char sequence[DDBS_SEQUENCE_MAX + 1];
};

struct checkpoint {
    const char *path;
    cJSON *root, *shards; /* what the file says, and will say */
    struct mapping_source below;
    struct skip *skips;
    size_t count;
    char why[WHY_MAX];
};

static bool is(const cJSON *root, const char *name, const char *want)
{
    const cJSON *text = cJSON_GetObjectItemCaseSensitive(root, name);
    return cJSON_IsString(text) && strcmp(text->valuestring, want) == 0;
}

/* Begin with what the file says; an empty one says nothing. */
static int load(struct checkpoint *checkpoint, const char *stream, const char *source, char *why, size_t why_size)
{
    char *text;
    size_t len;
    if (access(checkpoint->path, F_OK) != 0 && errno == ENOENT)
        return 0;
    if (command_read(checkpoint->path, FILE_BYTES_MAX, &text, &len, why, why_size) != 0)
        return -1;
    cJSON *root = cJSON_ParseWithLength(text, len);
    free(text);
    cJSON *shards = cJSON_GetObjectItemCaseSensitive(root, "shards");
    const char *what = !cJSON_IsObject(shards)       ? "is no checkpoint file"
                       : !is(root, "stream", stream) ? "is the checkpoint of another stream"
                       : !is(root, "source", source) ? "is the checkpoint of another source"
                                                     : NULL;
    if (len > 0 && what != NULL) {
        snprintf(why, why_size, "%s: %s; remove it to begin at the stream's beginning", checkpoint->path, what);
        cJSON_Delete(root);
        return -1;
    }
    checkpoint->root = len == 0 ? NULL : root;
    checkpoint->shards = len == 0 ? NULL : shards;
    if (len == 0)
        cJSON_Delete(root);
    return 0;
}

static bool begin(struct checkpoint *checkpoint, const char *stream, const char *source)
{
    checkpoint->root = cJSON_CreateObject();
    checkpoint->shards = cJSON_CreateObject();
    if (cJSON_AddStringToObject(checkpoint->root, "stream", stream) != NULL &&
        cJSON_AddStringToObject(checkpoint->root, "source", source) != NULL &&
        cJSON_AddItemToObject(checkpoint->root, "shards", checkpoint->shards))
        return true;
    cJSON_Delete(checkpoint->shards);
    return false;
}

int checkpoint_open(struct checkpoint **out, const char *path, const char *stream, const char *source, char *why,
                    size_t why_size)
{
    struct checkpoint *checkpoint = calloc(1, sizeof *checkpoint);
    snprintf(why, why_size, "out of memory");
    if (checkpoint == NULL)
        return -1;
    checkpoint->path = path;
    if (load(checkpoint, stream, source, why, why_size) != 0 ||
        (checkpoint->root == NULL && !begin(checkpoint, stream, source))) {
        checkpoint_free(checkpoint);
        return -1;
    }
    *out = checkpoint;
    return 0;
}

void checkpoint_free(struct checkpoint *checkpoint)
{
    if (checkpoint == NULL)
        return;
    cJSON_Delete(checkpoint->root);
    free(checkpoint->skips);
    free(checkpoint);
}

const char *checkpoint_why(const struct checkpoint *checkpoint)
{
    return checkpoint->why[0] == '\0' ? NULL : checkpoint->why;
}

/* ---- Going on ---------------------------------------------------------------------------------------------------- */

static void read_skip(const struct checkpoint *checkpoint, const char *id, struct skip *skip)
{
    const cJSON *entry = cJSON_GetObjectItemCaseSensitive(checkpoint->shards, id);
    const cJSON *place = cJSON_GetObjectItemCaseSensitive(entry, "place");
    const cJSON *sequence = cJSON_GetObjectItemCaseSensitive(entry, "sequence");
    *skip = (struct skip){ .known = true };
    if (!cJSON_IsNumber(place) || !cJSON_IsString(sequence) || !(place->valuedouble >= 1 && place->valuedouble < 1e15))
        return;
    skip->place = (uint64_t)place->valuedouble;
    skip->after = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(entry, "after"));
    snprintf(skip->sequence, sizeof skip->sequence, "%s", sequence->valuestring);
}

/* The shard's entry; NULL without memory. */
static struct skip *skip_of(struct checkpoint *checkpoint, size_t index)
{
    if (index >= checkpoint->count) {
        struct skip *grown = realloc(checkpoint->skips, (index + 1) * sizeof *grown);
        if (grown == NULL)
            return NULL;
        memset(grown + checkpoint->count, 0, (index + 1 - checkpoint->count) * sizeof *grown);
        checkpoint->skips = grown;
        checkpoint->count = index + 1;
    }
    return &checkpoint->skips[index];
}

static bool list(void *user, size_t index, struct mapping_shard *out)
{
    struct checkpoint *checkpoint = user;
    char id[256];
    if (!checkpoint->below.shard(checkpoint->below.user, index, out))
        return false;
    struct skip *skip = skip_of(checkpoint, index);
    snprintf(id, sizeof id, "%.*s", (int)out->id.len, out->id.ptr);
    if (skip != NULL && !skip->known)
        read_skip(checkpoint, id, skip);
    return skip != NULL;
}

static void open_shard(void *user, size_t index, enum mapping_position position)
{
    struct checkpoint *checkpoint = user;
    if (checkpoint->below.open != NULL)
        checkpoint->below.open(checkpoint->below.user, index, position);
}

static enum mapping_read refuse(struct checkpoint *checkpoint, const struct skip *skip)
{
    snprintf(checkpoint->why, sizeof checkpoint->why,
             "%s: record %llu of the source does not have the sequence number %s: the file belongs to another stream",
             checkpoint->path, (unsigned long long)(skip->after ? skip->place - 1 : skip->place), skip->sequence);
    return MAPPING_READ_FAILED;
}

static bool has_sequence(const struct skip *skip, ddbs_str sequence)
{
    return strlen(skip->sequence) == sequence.len && memcmp(skip->sequence, sequence.ptr, sequence.len) == 0;
}

static enum mapping_read read_shard(void *user, size_t index, struct mapping_record *out)
{
    struct checkpoint *checkpoint = user;
    struct skip *skip = &checkpoint->skips[index];
    for (;;) {
        enum mapping_read got = checkpoint->below.read(checkpoint->below.user, index, out);
        uint64_t proof = skip->after ? skip->place - 1 : skip->place;
        if (got == MAPPING_READ_END && skip->place > 0 && skip->read < proof)
            return refuse(checkpoint, skip);
        if (got != MAPPING_READ_RECORD)
            return got;
        skip->read++;
        if (skip->place > 0 && skip->read == proof && !has_sequence(skip, out->sequence))
            return refuse(checkpoint, skip);
        if (skip->read < skip->place)
            continue;
        out->place = skip->read;
        return got;
    }
}

struct mapping_source checkpoint_source(struct checkpoint *checkpoint, const struct mapping_source *below)
{
    checkpoint->below = *below;
    return (struct mapping_source){ checkpoint, list, open_shard, read_shard };
}

/* ---- Writing ----------------------------------------------------------------------------------------------------- */

static bool note(struct checkpoint *checkpoint, const char *id, const struct mapping_checkpoint *to)
{
    char sequence[DDBS_SEQUENCE_MAX + 1];
    snprintf(sequence, sizeof sequence, "%.*s", (int)to->sequence.len, to->sequence.ptr);
    cJSON *entry = cJSON_CreateObject();
    cJSON_DeleteItemFromObjectCaseSensitive(checkpoint->shards, id);
    if (cJSON_AddNumberToObject(entry, "place", (double)to->place) != NULL &&
        cJSON_AddStringToObject(entry, "sequence", sequence) != NULL &&
        cJSON_AddBoolToObject(entry, "after", to->after) != NULL &&
        cJSON_AddItemToObject(checkpoint->shards, id, entry))
        return true;
    cJSON_Delete(entry);
    return false;
}

/* Write beside the file, then put it in its place: a reader sees the one before or this one. */
static bool write_whole(const char *path, const char *text)
{
    char temporary[4200];
    int len = snprintf(temporary, sizeof temporary, "%s.%ld.tmp", path, (long)getpid());
    if (len < 0 || (size_t)len >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    FILE *file = fopen(temporary, "we");
    if (file == NULL)
        return false;
    bool written = fputs(text, file) >= 0 && fputc('\n', file) != EOF && fflush(file) == 0 && fsync(fileno(file)) == 0;
    written = fclose(file) == 0 && written;
    if (written && rename(temporary, path) == 0)
        return true;
    int error = errno;
    unlink(temporary);
    errno = error;
    return false;
}

int checkpoint_moved(struct checkpoint *checkpoint, ddbs_str shard_id, const struct mapping_checkpoint *to, char *why,
                     size_t why_size)
{
    char id[256];
    snprintf(id, sizeof id, "%.*s", (int)shard_id.len, shard_id.ptr);
    errno = ENOMEM;
    char *text = note(checkpoint, id, to) ? cJSON_PrintUnformatted(checkpoint->root) : NULL;
    bool written = text != NULL && write_whole(checkpoint->path, text);
    if (!written)
        snprintf(why, why_size, "the checkpoint cannot be written to %s: %s", checkpoint->path, strerror(errno));
    cJSON_free(text);
    return written ? 0 : -1;
}
