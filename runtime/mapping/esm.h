/* esm.h: an event source mapping as `aws lambda create-event-source-mapping --cli-input-json` takes it. */
#ifndef MAPPING_ESM_H
#define MAPPING_ESM_H
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

/* What a mapping is read with. */
struct esm_reading {
    const char *name; /* how messages call it: the path of its file */

    /* What stands for members that AWS asks for; NULL: they must be there, and so must StartingPosition. */
    const char *absent_stream_arn, *absent_function;
};

/* Read a mapping from its JSON text. What AWS would refuse is refused. `out` must not be moved afterwards; the caller
 * frees what it holds with esm_free, also after a failure. False with "NAME: KEY: what was expected" in `why`. */
bool esm_read(struct esm *out, const char *text, size_t len, const struct esm_reading *reading, char *why,
              size_t why_size);
void esm_free(struct esm *esm);
#endif
