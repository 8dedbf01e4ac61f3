/* run_source.c: see run_source.h. */
#include "run_source.h"

#include "backfill.h"
#include "clock.h"
#include "command.h"
#include "source.h"
#include "stream.h"

#include <string.h>

#define STREAM "stream"

bool run_source_is_live(const struct run_source_options *options)
{
    size_t len = sizeof STREAM - 1;
    return options->backfill == NULL && strncmp(options->source, STREAM, len) == 0 &&
           (options->source[len] == '\0' || options->source[len] == ':');
}

static int open_live(struct run_source *out, const struct run_source_options *options, const struct esm *esm, char *why,
                     size_t why_size)
{
    const char *name = options->source + sizeof STREAM - 1;
    struct stream_config config = { .name = *name == ':' ? name + 1 : name,
                                    .arn = esm->stream_arn,
                                    .endpoint = options->endpoint,
                                    .partition_key = options->partition_key,
                                    .idle_ms = options->idle_ms };
    if (stream_open(&out->stream, &config, why, why_size) != 0)
        return EXIT_CANNOT_RUN;
    out->play = (struct play_source){ .stream = { out->stream, stream_shard, stream_begin, stream_read },
                                      .why = stream_why,
                                      .status = stream_status,
                                      .repeats = NULL };
    out->name = stream_arn(out->stream);
    return 0;
}

static int open_export(struct run_source *out, const struct run_source_options *options, const struct esm *esm,
                       char *why, size_t why_size)
{
    int status = 0;
    struct backfill_config config = { .path = options->backfill,
                                      .keys = options->keys,
                                      .arn = esm->stream_arn,
                                      .partition_key = options->partition_key,
                                      .now_ms = clock_ms(CLOCK_REALTIME) };
    if (backfill_open(&out->backfill, &config, &status, why, why_size) != 0)
        return status;
    out->play = (struct play_source){ .stream = { out->backfill, source_shard, NULL, backfill_read },
                                      .why = backfill_why,
                                      .status = backfill_status,
                                      .repeats = NULL };
    out->name = options->backfill;
    return 0;
}

int run_source_open(struct run_source *out, const struct run_source_options *options, const struct esm *esm, char *why,
                    size_t why_size)
{
    if (options->backfill != NULL)
        return open_export(out, options, esm, why, why_size);
    if (run_source_is_live(options))
        return open_live(out, options, esm, why, why_size);
    if (source_open(&out->file, options->source, why, why_size) != 0)
        return EXIT_CANNOT_RUN;
    if (esm->settings.factor > 1 || options->keyed)
        source_use_keys(out->file, options->partition_key);
    out->play = (struct play_source){ .stream = { out->file, source_shard, NULL, source_read },
                                      .why = source_why,
                                      .status = source_status,
                                      .repeats = source_repeats };
    out->name = options->source;
    return 0;
}

void run_source_close(struct run_source *source)
{
    source_close(source->file);
    stream_close(source->stream);
    backfill_close(source->backfill);
}

int64_t run_source_begins(struct run_source *source)
{
    return source->file != NULL ? source_begins(source->file) : MAPPING_NO_TIME;
}
