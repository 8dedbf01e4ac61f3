/* journal.h: changes as lines of JSON, for who keeps them, and back. Items stand there as they are afterwards, not the
 * requests that made them: a later version understands the lines whatever it has learned about requests. */
#ifndef TABLE_JOURNAL_H
#define TABLE_JOURNAL_H
#include "store.h"

/* Each returns true where nothing is to be kept, and false with a fault when `keep` refuses or memory is exhausted. */
bool journal_create(struct table_db *db, const struct table *table, enum stream_view view, int64_t now_ms,
                    struct fault *fault);
bool journal_drop(struct table_db *db, const struct table *table, int64_t now_ms, struct fault *fault);
bool journal_ttl(struct table_db *db, const struct table *table, const char *attribute, int64_t now_ms,
                 struct fault *fault);
bool journal_changes(struct table_db *db, const struct change *changes, size_t count, int64_t now_ms,
                     struct fault *fault);
#endif
