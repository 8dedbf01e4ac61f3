/* engine.h: the state of a mapping, and what its parts ask of each other. Not for the host.
 *
 * A shard is read into its lanes; a lane gathers a batch (`next`), delivers it (`work`) and works it off from its left
 * end: `first` is the lane's checkpoint, [first, end[top]) the delivery at hand, and the parts that halving left over
 * follow it, [end[top], end[top - 1]) and so on: depth first, left part first. */
#ifndef MAPPING_ENGINE_H
#define MAPPING_ENGINE_H
#include "runtime/mapping/mapping.h"

/* Halving 10,000 records leaves at most 14 parts at once. */
enum { PARTS_MAX = 16 };

enum shard_phase {
    SHARD_WAITS,   /* for its parents */
    SHARD_READ,    /* it is being read */
    SHARD_FLUSHED, /* its end was read; records may be open */
    SHARD_OVER
};

enum lane_phase {
    LANE_IDLE,  /* nothing to deliver but what is being gathered */
    LANE_READY, /* the delivery at hand is due at due_ms */
    LANE_FLYING /* it is under way */
};

struct batch {
    struct mapping_record *records; /* each owns one piece of memory, at json.ptr */
    size_t count, capacity;
    size_t bytes; /* of the records and the commas between them */
};

struct lane {
    struct batch next;
    int64_t gather_until_ms; /* when `next` goes out, full or not */
    int64_t next_window;     /* start of the tumbling window of `next` */
    bool next_full;          /* the record that would come next does not fit */

    struct batch work;
    int64_t work_window;
    size_t first;
    size_t end[PARTS_MAX];
    size_t top;

    enum lane_phase phase;
    bool final; /* the delivery at hand is the final invocation of a window; `work` waits for it */
    enum mapping_cause cause;
    uint64_t tries;    /* how often the delivery at hand ran */
    uint64_t failures; /* and how often it failed or was throttled, for the wait */
    int64_t due_ms, wait_ms;
    struct mapping_delivery delivery;
    struct mapping_window view; /* what `delivery` shows of the window */
};

struct window {
    bool open;
    bool early; /* its state is over the limit */
    int64_t start_ms;
    char *state; /* NULL: {} */
    size_t state_len;
};

struct shard {
    size_t index;
    char *id;
    char *parents[2];
    enum shard_phase phase;
    struct lane *lanes; /* settings.factor of them, while it is read */
    struct window window;
    struct mapping_record held; /* read, and its lane has no room yet; owned */
    bool holding;
    int64_t poll_at_ms;
    uint64_t read;                /* records read so far */
    char last[DDBS_SEQUENCE_MAX]; /* the sequence number of the last of them */
    size_t last_len;
    uint64_t reported; /* the checkpoint's place that the trace was told */
};

enum last_result { LAST_NONE, LAST_OK, LAST_PROBLEM };

struct mapping {
    struct mapping_settings settings;
    struct mapping_source source;
    struct mapping_host host;
    struct shard **shards;
    size_t shard_count, shard_capacity;
    size_t first_listing; /* shards that were known at the first step; SIZE_MAX before */
    int64_t now_ms;
    size_t turn; /* the lane that is asked first, so that none starves */
    uint64_t deliveries;
    uint64_t random; /* state of the request ids */
    bool broken;     /* the source failed */
    bool exhausted;  /* memory */
    bool progressed; /* something moved without a delivery: look again */
    enum last_result last;
    struct mapping_totals totals;
};

/* ---- batch.c ----------------------------------------------------------------------------------------------------- */

/* Copy a record; false when memory is exhausted. */
bool mapping_copy(struct mapping_record *out, const struct mapping_record *record);
void mapping_drop(struct mapping_record *record);

/* Append a record, which the batch owns from now on. False when memory is exhausted; then it does not. */
bool mapping_push(struct batch *batch, const struct mapping_record *record);
void mapping_empty(struct batch *batch);

/* ---- shard.c ----------------------------------------------------------------------------------------------------- */

/* Learn of new shards. */
void mapping_list(struct mapping *mapping);

/* Open the shard when its parents are over, read what its lanes can take, fill idle lanes, end it. */
void mapping_pump(struct mapping *mapping, struct shard *shard);

/* When there will be something to read or to send out without an answer. */
int64_t mapping_shard_wake(const struct mapping *mapping, const struct shard *shard);

/* Tell the trace where the shard's checkpoint is, if it moved. */
void mapping_report_checkpoint(struct mapping *mapping, struct shard *shard);
void mapping_shard_free(struct shard *shard, size_t lane_count);

/* Whether a shard can still change: it is read, or has open records. */
static inline bool mapping_is_active(const struct shard *shard)
{
    return shard->phase == SHARD_READ || shard->phase == SHARD_FLUSHED;
}

/* ---- lane.c ------------------------------------------------------------------------------------------------------ */

/* Make what was gathered the batch at hand. */
void mapping_lane_load(struct mapping *mapping, struct lane *lane);

/* Make the final invocation of the open window the delivery at hand. */
void mapping_lane_finish_window(struct mapping *mapping, struct lane *lane);

/* Begin what is due, if it is: records that are too old are given up first. Whether lane->delivery is to be made. */
bool mapping_lane_start(struct mapping *mapping, struct shard *shard, struct lane *lane);

/* Take the end of lane->delivery; NULL: its record fits into no event, so that the function never ran. */
void mapping_lane_settle(struct mapping *mapping, struct shard *shard, struct lane *lane,
                         const struct mapping_result *result);

/* ---- decide.c ---------------------------------------------------------------------------------------------------- */

/* What AWS makes of the result. Changes nothing; lane->tries and lane->failures count it already. */
struct mapping_decision mapping_decide(const struct mapping_settings *settings, const struct lane *lane,
                                       const struct mapping_result *result);

/* The wait after `failures` failures in a row. */
int64_t mapping_back_off(uint64_t failures);

/* ---- window.c ---------------------------------------------------------------------------------------------------- */

int64_t mapping_window_of(const struct mapping_settings *settings, int64_t ms);

/* Whether a record may join what the lane gathers. */
bool mapping_window_takes(const struct mapping_settings *settings, const struct shard *shard, const struct lane *lane,
                          const struct mapping_record *record);

/* Whether the open window has its final invocation now, as nothing is gathered or delivered. */
bool mapping_window_closes(const struct mapping *mapping, const struct shard *shard);
int64_t mapping_window_idle_at(const struct mapping_settings *settings, const struct window *window);

/* Have the window of the batch at hand open. */
void mapping_window_open(struct window *window, int64_t start_ms);
void mapping_window_close(struct window *window);

/* Keep a new state. False when memory is exhausted. */
bool mapping_window_keep(struct window *window, ddbs_str state);
struct mapping_window mapping_window_view(const struct mapping_settings *settings, const struct window *window,
                                          bool final);

/* ---- event.c ----------------------------------------------------------------------------------------------------- */

/* Bytes of an event of these records. */
size_t mapping_event_bytes(const struct mapping_settings *settings, ddbs_str shard_id,
                           const struct mapping_window *window, size_t record_bytes);

/* ---- mapping.c --------------------------------------------------------------------------------------------------- */

void mapping_tell(struct mapping *mapping, const struct shard *shard, struct mapping_trace trace);
void mapping_new_id(struct mapping *mapping, char out[MAPPING_ID_SIZE]);
#endif
