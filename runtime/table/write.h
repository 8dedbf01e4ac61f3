/* write.h: one write of a request: what it names, whether its condition holds, what the item becomes. The same for a
 * request of its own, in a batch and in a transaction. */
#ifndef TABLE_WRITE_H
#define TABLE_WRITE_H
#include "call.h"
#include "update.h"

enum write_kind { WRITE_PUT, WRITE_UPDATE, WRITE_DELETE, WRITE_CHECK };

/* ReturnValues; the second half is for updates only. */
enum write_returns { WRITE_NONE, WRITE_ALL_OLD, WRITE_ALL_NEW, WRITE_UPDATED_OLD, WRITE_UPDATED_NEW };

struct write {
    enum write_kind kind;
    struct change change;
    const ddbs_item *given;            /* Item or Key */
    const struct condition *condition; /* or NULL */
    const struct update *update;       /* or NULL */
    size_t returns;                    /* enum write_returns */
    bool show_old;                     /* ReturnValuesOnConditionCheckFailure is ALL_OLD */
};

/* Read a write from an object with TableName, Item or Key, and expressions. */
bool write_read(struct call *call, struct span object, enum write_kind kind, struct write *out);

/* The same of a batch, without TableName and expressions. */
bool write_read_plain(struct call *call, struct table *table, struct span item, enum write_kind kind,
                      struct write *out);

/* Look its item up and find out what becomes of it. False with a fault: the condition does not hold (the fault then has
 * the old item where that was asked for), or the update cannot be applied. */
bool write_decide(struct call *call, struct write *write);
#endif
