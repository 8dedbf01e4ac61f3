/* writer.c: sending what a writer holds, and settling what became of it. It goes in rounds: pack, send the requests at
 * once, read what each says about each entry, pause where something failed that may pass. */
#include "runtime/aws/writer.h"
#include "lib/buf.h"
#include "lib/error.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH_KEPT = 65536 };

/* ---- One round ---- */

/* A request and all that belongs to it. */
struct shipment {
    struct ddbs_aws_attempt attempt;
    ddbs_aws_request request;
    ddbs_buf body;
    struct ddbs_results results;
    ddbs_str *keys;
    struct ddbs_address room;
};

static void free_shipments(struct shipment *shipments, size_t count)
{
    for (size_t i = 0; shipments != NULL && i < count; i++) {
        ddbs_aws__end(&shipments[i].attempt);
        ddbs_buf_free(&shipments[i].body);
        free(shipments[i].results.verdicts);
        free(shipments[i].keys);
    }
    free(shipments);
}

static bool prepare(const ddbs_writer *writer, const struct ddbs_parcel *parcel, struct shipment *shipment)
{
    const struct ddbs_service *service = writer->service;
    shipment->request = (ddbs_aws_request){
        .service = service->signing,
        .host = service->host,
        .method = service->method,
        .path = service->path,
        .target = service->target,
        .type = service->type,
    };
    service->write(writer, parcel, &shipment->body);
    if (shipment->body.failed)
        return false;
    shipment->request.body = (ddbs_bytes){ (const unsigned char *)shipment->body.ptr, shipment->body.len };
    if (service->address != NULL && !service->address(writer, parcel, &shipment->request, &shipment->room))
        return false;
    shipment->attempt.request = &shipment->request;
    shipment->results = (struct ddbs_results){
        .count = parcel->count,
        .verdicts = calloc(parcel->count, 1),
        .names = { writer->texts[1], writer->texts[2] },
        .condition_is_done = writer->flags[0],
    };
    shipment->keys = calloc(parcel->count, sizeof *shipment->keys);
    shipment->results.keys = shipment->keys;
    if (shipment->results.verdicts == NULL || shipment->keys == NULL)
        return false;
    for (size_t i = 0; i < parcel->count; i++)
        shipment->keys[i] = ddbs_parcel__entry(writer, parcel, i)->key;
    return true;
}

static void set_all(struct ddbs_results *results, enum ddbs_verdict verdict)
{
    memset(results->verdicts, (int)verdict, results->count);
}

/* A request that is refused as a whole may be so for one of its entries: halve it. */
static void split(ddbs_writer *writer, const struct ddbs_parcel *parcel)
{
    size_t half = parcel->count / 2;
    for (size_t i = 0; i < parcel->count; i++)
        writer->entries[writer->line[parcel->begin + i]].together = half + parcel->count % 2;
}

/* From reply to verdicts. False: the parcel was split, and nothing else is known. */
static bool read_reply(ddbs_writer *writer, const struct ddbs_parcel *parcel, struct shipment *shipment)
{
    const struct ddbs_service *service = writer->service;
    const struct ddbs_aws_attempt *attempt = &shipment->attempt;
    const ddbs_buf *reply = &attempt->exchange.reply;
    struct ddbs_results *results = &shipment->results;
    if (attempt->fault == DDBS_AWS_FINE) {
        service->read(reply->ptr == NULL ? "" : reply->ptr, reply->len, results);
        return true;
    }
    memcpy(results->code, attempt->type, sizeof results->code);
    if (service->read_failure != NULL && reply->len > 0) {
        results->code[0] = '\0';
        service->read_failure(reply->ptr, reply->len, results);
        if (results->verdicts[0] != DDBS_VERDICT_NONE)
            return true;
        memcpy(results->code, attempt->type, sizeof results->code);
    }
    if (attempt->fault == DDBS_AWS_REFUSED && parcel->count > 1 && !service->one_place) {
        split(writer, parcel);
        return false;
    }
    set_all(results, ddbs_aws__is_passing(attempt->fault) ? DDBS_VERDICT_AGAIN : DDBS_VERDICT_REFUSED);
    return true;
}

/* Without a response libcurl's reason is the only one that there is. */
static const char *why_of(const struct ddbs_aws_attempt *attempt)
{
    bool silent = attempt->exchange.status == 0 && attempt->exchange.why[0] != '\0';
    return silent ? attempt->exchange.why : ddbs_aws_fault_name(attempt->fault);
}

/* Remember why, for the error and the pause. Throttling decides about that. */
static void note_failure(ddbs_writer *writer, const struct shipment *shipment)
{
    const struct ddbs_aws_attempt *attempt = &shipment->attempt;
    ddbs_aws_fault fault = attempt->fault;
    const char *code = shipment->results.code;
    if (fault == DDBS_AWS_FINE)
        fault = code[0] == '\0' ? DDBS_AWS_TRANSIENT : ddbs_aws__fault_of(code, 400);
    if (writer->fault != DDBS_AWS_THROTTLED)
        writer->fault = fault;
    if (code[0] == '\0')
        code = attempt->fault == DDBS_AWS_FINE ? "the reply does not tell of each entry" : why_of(attempt);
    snprintf(writer->code, sizeof writer->code, "%s", code);
    if (attempt->exchange.retry_after_ms > writer->retry_after_ms)
        writer->retry_after_ms = attempt->exchange.retry_after_ms;
}

static uint32_t attempts_of(const ddbs_writer *writer)
{
    return writer->tuning.attempts != 0 ? writer->tuning.attempts
                                        : ddbs_aws__attempts(writer->aws, writer->service->signing);
}

static void apply_one(ddbs_writer *writer, struct ddbs_queued *entry, enum ddbs_verdict verdict)
{
    entry->tries++;
    if (entry->tries > 1)
        writer->counts.retries++;
    if (verdict == DDBS_VERDICT_STORED) {
        entry->state = DDBS_ENTRY_STORED;
        writer->counts.stored++;
    } else if (verdict == DDBS_VERDICT_REFUSED || entry->tries >= attempts_of(writer)) {
        entry->state = DDBS_ENTRY_REFUSED;
        writer->any_refused = true;
    }
}

static void apply(ddbs_writer *writer, const struct ddbs_parcel *parcel, struct shipment *shipment)
{
    const struct ddbs_results *results = &shipment->results;
    bool failed = false;
    if (shipment->attempt.fault == DDBS_AWS_NO_TIME) {
        writer->out_of_time = true;
        return;
    }
    writer->counts.requests++;
    if (!read_reply(writer, parcel, shipment))
        return;
    for (size_t i = 0; i < parcel->count; i++) {
        apply_one(writer, &writer->entries[writer->line[parcel->begin + i]], results->verdicts[i]);
        failed = failed || results->verdicts[i] != DDBS_VERDICT_STORED;
    }
    if (failed)
        note_failure(writer, shipment);
}

/* Send what is packed. */
static ddbs_status send_parcels(ddbs_writer *writer, const ddbs_ctx *ctx)
{
    struct ddbs_aws_attempt *attempts[DDBS_AWS_PARALLEL_MAX];
    size_t count = writer->parcel_count;
    struct shipment *shipments = calloc(count, sizeof *shipments);
    ddbs_status status = shipments == NULL ? DDBS_E_MEMORY : DDBS_OK;
    for (size_t i = 0; i < count && status == DDBS_OK; i++) {
        attempts[i] = &shipments[i].attempt;
        if (!prepare(writer, &writer->parcels[i], &shipments[i]))
            status = DDBS_E_MEMORY;
    }
    if (status == DDBS_OK)
        status = ddbs_aws__send(writer->aws, attempts, count, ddbs_aws__time_left(writer->aws, ctx));
    for (size_t i = 0; i < count && status == DDBS_OK; i++)
        apply(writer, &writer->parcels[i], &shipments[i]);
    free_shipments(shipments, count);
    return status;
}

/* ---- All rounds ---- */

/* The largest number of tries of an entry that is to be sent again; 0: there is none. */
static uint32_t tries_of_waiting(const ddbs_writer *writer)
{
    uint32_t most = 0;
    for (size_t i = writer->first; i < writer->count; i++) {
        const struct ddbs_queued *entry = &writer->entries[i];
        if (entry->state == DDBS_ENTRY_WAITING && entry->tries > most)
            most = entry->tries;
    }
    return most;
}

/* Pause where something is to be sent again. False: there is no time for that. */
static bool pause_for_next(ddbs_writer *writer, const ddbs_ctx *ctx)
{
    uint32_t tries = tries_of_waiting(writer);
    ddbs_aws_fault fault = writer->fault;
    int64_t asked_ms = writer->retry_after_ms;
    writer->fault = DDBS_AWS_FINE;
    writer->retry_after_ms = 0;
    if (fault == DDBS_AWS_FINE || tries == 0)
        return true;
    int64_t pause_ms = ddbs_aws__pause_ms(writer->aws, writer->service->signing, fault, tries, asked_ms);
    if (pause_ms >= ddbs_aws__time_left(writer->aws, ctx)) {
        writer->out_of_time = true;
        return false;
    }
    writer->aws->clock.sleep_ms(writer->aws->clock.self, pause_ms);
    return true;
}

/* Send everything of places below `end`; what is refused ends it there. */
static ddbs_status send_all(ddbs_writer *writer, ddbs_ctx *ctx, size_t end)
{
    if (!ddbs_queue__find_last(writer, end))
        return DDBS_E_MEMORY;
    writer->out_of_time = false;
    for (;;) {
        size_t refused = ddbs_queue__refused(writer);
        ddbs_queue__pack(writer, refused < end ? refused : end, false);
        if (writer->parcel_count == 0 || !pause_for_next(writer, ctx))
            return DDBS_OK;
        DDBS_TRY(send_parcels(writer, ctx));
        if (writer->out_of_time)
            return DDBS_OK;
    }
}

/* Full requests of places below `end`, once: what fails goes with the next ones, behind a pause, or with the flush. */
static ddbs_status send_early(ddbs_writer *writer, ddbs_ctx *ctx, size_t end)
{
    writer->new_count = writer->new_weight = 0;
    if (!ddbs_queue__find_last(writer, end))
        return DDBS_E_MEMORY;
    ddbs_queue__pack(writer, end, true);
    if (writer->parcel_count == 0 || !pause_for_next(writer, ctx))
        return DDBS_OK;
    DDBS_TRY(send_parcels(writer, ctx));
    ddbs_queue__settle(writer);
    return DDBS_OK;
}

/* ---- The life of a writer ---- */

static size_t open_of(const struct ddbs_part *part)
{
    const ddbs_writer *writer = (const ddbs_writer *)(const void *)part;
    size_t open = ddbs_queue__open(writer);
    return open < writer->open_place ? open : writer->open_place;
}

static size_t limit(size_t asked, size_t most)
{
    return asked == 0 || asked > most ? most : asked;
}

static void set_tuning(ddbs_writer *writer, const ddbs_writer_tuning *tuning)
{
    const struct ddbs_service *service = writer->service;
    size_t bytes_most = service->bytes_most != 0 ? service->bytes_most : service->bytes_max;
    writer->tuning = *tuning;
    writer->tuning.request_entries = limit(tuning->request_entries, service->entries_max);
    writer->tuning.request_bytes =
        tuning->request_bytes == 0 ? service->bytes_max : limit(tuning->request_bytes, bytes_most);
    writer->tuning.parallel = tuning->parallel == 0 ? DDBS_WRITER_PARALLEL : tuning->parallel;
    if (writer->tuning.parallel > DDBS_AWS_PARALLEL_MAX)
        writer->tuning.parallel = DDBS_AWS_PARALLEL_MAX;
    if (service->in_order)
        writer->tuning.parallel = 1;
}

static bool copy_texts(ddbs_writer *writer, const char *const texts[DDBS_WRITER_TEXTS])
{
    bool whole = true;
    for (size_t i = 0; i < DDBS_WRITER_TEXTS; i++) {
        writer->texts[i] = texts[i] == NULL ? NULL : strdup(texts[i]);
        whole = whole && (texts[i] == NULL) == (writer->texts[i] == NULL);
    }
    return whole;
}

ddbs_status ddbs_writer__need(const char *text, const char *what, ddbs_error *error)
{
    if (text != NULL && text[0] != '\0')
        return DDBS_OK;
    return ddbs_error__set(error, DDBS_E_USAGE, DDBS_NOWHERE, DDBS_NOWHERE, "the options of a writer need %s", what);
}

ddbs_status ddbs_writer__make(ddbs_writer **out, ddbs_aws *aws, const struct ddbs_service *service,
                              const ddbs_writer_tuning *tuning, const char *const texts[DDBS_WRITER_TEXTS],
                              ddbs_error *error)
{
    DDBS_TRY(ddbs_writer__need(aws == NULL ? NULL : "client", "`aws`, a client", error));
    ddbs_writer *writer = calloc(1, sizeof *writer);
    if (writer == NULL)
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for a writer");
    writer->aws = aws;
    writer->service = service;
    writer->part.open = open_of;
    writer->open_place = SIZE_MAX;
    set_tuning(writer, tuning);
    if (!copy_texts(writer, texts) || ddbs_arena_new(&writer->arena, 0) != DDBS_OK) {
        ddbs_writer_free(writer);
        return ddbs_error__set(error, DDBS_E_MEMORY, DDBS_NOWHERE, DDBS_NOWHERE, "no memory for a writer");
    }
    *out = writer;
    return DDBS_OK;
}

void ddbs_writer_free(ddbs_writer *writer)
{
    if (writer == NULL)
        return;
    for (size_t i = 0; i < DDBS_WRITER_TEXTS; i++)
        free(writer->texts[i]);
    ddbs_arena_free(writer->arena);
    ddbs_buf_free(&writer->scratch);
    free(writer->entries);
    free(writer->line);
    free(writer->table);
    free(writer);
}

void ddbs_writer_reset(ddbs_writer *writer)
{
    writer->open_place = open_of(&writer->part); /* dropped is not stored */
    ddbs_queue__clear(writer);
    writer->at = 0;
    writer->any_refused = false;
    writer->code[0] = '\0';
}

/* What a writer holds from a delivery before this one is dead: it came to no end. */
static void join(ddbs_writer *writer, ddbs_ctx *ctx)
{
    if (!ddbs_ctx__join(ctx, &writer->part))
        return;
    ddbs_writer_reset(writer);
    writer->open_place = SIZE_MAX;
}

void ddbs_writer_at(ddbs_writer *writer, ddbs_ctx *ctx, size_t place)
{
    join(writer, ctx);
    writer->at = place;
}

ddbs_writer_counts ddbs_writer_count(const ddbs_writer *writer)
{
    return writer->counts;
}

/* ---- Putting ---- */

static ddbs_status tell_refused(const ddbs_writer *writer, ddbs_ctx *ctx, size_t place)
{
    return ddbs_fail(ctx, DDBS_E_HANDLER, "%s %s: an entry of record %zu is not stored: %s", writer->service->name,
                     writer->service->operation, place + 1, writer->code);
}

/* In a batch for on_batch a record that does not decode has no place of its own: it is committed with the one that was
 * given before it, and the first ones with the first. */
size_t ddbs_writer__place(const ddbs_writer *writer, const ddbs_ctx *ctx)
{
    if (ctx->index == DDBS_NOWHERE)
        return writer->at;
    if (ctx->given == NULL)
        return ctx->index;
    return ctx->given_count == 0 ? 0 : ctx->given_count - 1;
}

/* Whether somebody commits that place one day: behind the last record an entry would be dropped, and nobody told. */
static bool is_place(const ddbs_ctx *ctx, size_t place)
{
    return place == 0 || place < (ctx->given != NULL ? ctx->given_count : ddbs_event_count(ctx->event));
}

ddbs_status ddbs_writer__begin(ddbs_writer *writer, ddbs_ctx *ctx, const struct ddbs_service *service)
{
    const ddbs_consumer *consumer = ctx->consumer;
    if (writer->service != service)
        return ddbs_fail(ctx, DDBS_E_USAGE, "the writer is one for %s", writer->service->name);
    if (ctx->keep == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "entries are put in the callbacks of a batch");
    if (consumer->on_batch_end == NULL && consumer->on_batch == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "a batch writer needs an on_batch_end that flushes it");
    if (ctx->lanes != NULL && ctx->index != DDBS_NOWHERE)
        return ddbs_fail(ctx, DDBS_E_USAGE, "a batch writer belongs to one thread: leave out the lanes");
    join(writer, ctx);
    if (!is_place(ctx, ddbs_writer__place(writer, ctx)))
        return ddbs_fail(ctx, DDBS_E_USAGE, "ddbs_writer_at said %zu, and the batch has no such record", writer->at);
    if (writer->scratch.capacity > SCRATCH_KEPT)
        ddbs_buf_free(&writer->scratch);
    writer->scratch.len = 0;
    writer->version = 0;
    writer->scratch.failed = false;
    return writer->any_refused ? tell_refused(writer, ctx, ddbs_queue__refused(writer)) : DDBS_OK;
}

/* Whether as much was put since the last time as fills all requests that go at once. */
static bool is_time_to_send(const ddbs_writer *writer)
{
    const ddbs_writer_tuning *tuning = &writer->tuning;
    return writer->new_count > tuning->request_entries * tuning->parallel ||
           writer->new_weight / tuning->parallel > tuning->request_bytes;
}

ddbs_status ddbs_writer__put(ddbs_writer *writer, ddbs_ctx *ctx, size_t weight, ddbs_str key)
{
    if (writer->scratch.failed)
        return ddbs_fail(ctx, DDBS_E_MEMORY, "no memory for an entry");
    if (weight > writer->tuning.request_bytes)
        return ddbs_fail(ctx, DDBS_E_LIMIT, "%s %s: an entry of %zu bytes, and a request takes %zu",
                         writer->service->name, writer->service->operation, weight, writer->tuning.request_bytes);
    ddbs_status status = ddbs_queue__add(writer, ddbs_writer__place(writer, ctx), ctx->index, weight, key);
    if (status != DDBS_OK)
        return ddbs_fail(ctx, status, "no memory for an entry");
    ctx->entries++;
    writer->new_count++;
    writer->new_weight += weight;
    if (ctx->index == DDBS_NOWHERE || !is_time_to_send(writer))
        return DDBS_OK;
    status = send_early(writer, ctx, ctx->ok);
    return status == DDBS_OK ? DDBS_OK : ddbs_fail(ctx, status, "%s: nothing can be sent", writer->service->name);
}

/* ---- Flushing ---- */

static size_t count_open(const ddbs_writer *writer)
{
    size_t count = 0;
    for (size_t i = writer->first; i < writer->count; i++)
        count += writer->entries[i].state != DDBS_ENTRY_STORED;
    return count;
}

static ddbs_status tell(const ddbs_writer *writer, ddbs_ctx *ctx, ddbs_status status, size_t put, size_t open,
                        size_t place)
{
    const struct ddbs_service *service = writer->service;
    if (status == DDBS_E_USAGE)
        return ddbs_fail(ctx, status, "%s %s: no credentials, neither AWS_ACCESS_KEY_ID nor the container's",
                         service->name, service->operation);
    if (status != DDBS_OK)
        return ddbs_fail(ctx, status, "%s %s: no memory for a request", service->name, service->operation);
    return ddbs_fail(ctx, writer->out_of_time ? DDBS_E_TIME : DDBS_E_HANDLER,
                     "%s %s: %zu of %zu entries are not stored, from record %zu on: %s%s", service->name,
                     service->operation, open, put, place + 1, writer->out_of_time ? "too little time is left" : "",
                     writer->out_of_time ? "" : writer->code);
}

/* Commit what all writers of the batch have stored. */
static ddbs_status commit(ddbs_ctx *ctx)
{
    size_t open = ddbs_ctx__open(ctx), ok = ddbs_ctx_batch_ok(ctx);
    return ddbs_ctx_commit(ctx, open < ok ? open : ok);
}

/* Behind the last place that is to be stored now. In the callback of a record its own entries are to be out, too,
 * before it goes on. In a hook all of records that went well; and the first place where there are none: a failed record
 * comes with no hook then, so what is there was put by one, in on_batch_begin or in the final call of a window. */
static size_t end_of(const ddbs_writer *writer, const ddbs_ctx *ctx)
{
    if (ctx->index != DDBS_NOWHERE)
        return ddbs_writer__place(writer, ctx) + 1;
    return ctx->ok == 0 ? 1 : ctx->ok;
}

ddbs_status ddbs_writer_flush(ddbs_writer *writer, ddbs_ctx *ctx)
{
    if (ctx->keep == NULL)
        return ddbs_fail(ctx, DDBS_E_USAGE, "a writer is flushed in on_batch_end or on_batch");
    join(writer, ctx);
    size_t end = end_of(writer, ctx);
    ddbs_queue__drop_from(writer, end, ctx->given != NULL && ctx->index == DDBS_NOWHERE ? ctx->end : SIZE_MAX);
    size_t put = writer->count;
    ddbs_status status = writer->count == 0 ? DDBS_OK : send_all(writer, ctx, end);
    ddbs_queue__settle(writer);
    size_t place = ddbs_queue__open(writer), open = count_open(writer);
    ddbs_queue__clear(writer);
    if (place < writer->open_place)
        writer->open_place = place;
    DDBS_TRY(commit(ctx));
    return place == SIZE_MAX && status == DDBS_OK ? DDBS_OK : tell(writer, ctx, status, put, open, place);
}
