/* esm.h: an event source mapping as `aws lambda create-event-source-mapping --cli-input-json` takes it. */
#ifndef EMULATOR_ESM_H
#define EMULATOR_ESM_H
#include "runtime/mapping/mapping.h"

enum { ESM_TEXT_MAX = 512, ESM_NOTES_MAX = 4 };

enum esm_destination { ESM_NONE, ESM_QUEUE, ESM_TOPIC, ESM_BUCKET };

struct esm {
    struct mapping_settings settings;
    char stream_arn[ESM_TEXT_MAX];
    char function_arn[ESM_TEXT_MAX];  /* qualified */
    char function_name[ESM_TEXT_MAX]; /* without account and qualifier */
    enum esm_destination destination;
    char destination_arn[ESM_TEXT_MAX];
    const char *notes[ESM_NOTES_MAX]; /* settings that make no difference here, a sentence each; static text */
    size_t note_count;
};

/* Read a mapping. What AWS would refuse is refused, and so is what AWS would act on and this command does not: the
 * result would be another one. 0, or -1 with "FILE: KEY: what was expected" in `why`. */
int esm_load(struct esm *out, const char *path, char *why, size_t why_size);
#endif
