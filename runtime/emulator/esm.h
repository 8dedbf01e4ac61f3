/* esm.h: an event source mapping as `aws lambda create-event-source-mapping --cli-input-json` takes it. */
#ifndef EMULATOR_ESM_H
#define EMULATOR_ESM_H
#include "runtime/mapping/mapping.h"

enum { ESM_TEXT_MAX = 512, ESM_NOTES_MAX = 4 };

struct esm {
    struct mapping_settings settings; /* its texts and its filter are those below */
    char stream_arn[ESM_TEXT_MAX];
    char function_arn[ESM_TEXT_MAX];  /* qualified */
    char function_name[ESM_TEXT_MAX]; /* without account and qualifier */
    ddbs_filter *filter;              /* owned */
    size_t filter_count;
    char destination_arn[ESM_TEXT_MAX];
    const char *notes[ESM_NOTES_MAX]; /* settings that make no difference here, a sentence each; static text */
    size_t note_count;
};

/* Read a mapping. What AWS would refuse is refused. `out` must not be moved afterwards; the caller frees what it holds
 * with esm_free, also after a failure. 0, or -1 with "FILE: KEY: what was expected" in `why`. */
int esm_load(struct esm *out, const char *path, char *why, size_t why_size);

/* The same of a NUL-terminated text in memory; `name` is what messages call it. */
int esm_read(struct esm *out, const char *name, const char *text, size_t len, char *why, size_t why_size);
void esm_free(struct esm *esm);
#endif
