/* test_batch_line.c: what is said of a batch, and what a worker measures of it. write() is replaced by the one here. */
#include "check.h"
#include "runtime/lambda/batch_line.h"
#include "runtime/lambda/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char out[DDBS_LOG_LINE_MAX + 1];
static size_t calls;

ssize_t write(int fd, const void *bytes, size_t len)
{
    if (fd != STDERR_FILENO || len >= sizeof out) {
        errno = EBADF;
        return -1;
    }
    calls++;
    memcpy(out, bytes, len);
    out[len] = '\0';
    return (ssize_t)len;
}

static void configure(const char *format, const char *level)
{
    setenv("AWS_LAMBDA_LOG_FORMAT", format, 1);
    setenv("AWS_LAMBDA_LOG_LEVEL", level == NULL ? "" : level, 1);
    ddbs_log__open();
    out[0] = '\0';
    calls = 0;
}

/* The line, its newline and in JSON its timestamp apart. */
static const char *line(void)
{
    static char copy[sizeof out + 1];
    static const char stamp[] = "{\"timestamp\":\"2026-10-19T08:40:00.123Z\",";
    bool json = out[0] == '{';
    snprintf(copy, sizeof copy, "%s%s", json ? "{" : "", out + (json ? sizeof stamp - 1 : 0));
    copy[strcspn(copy, "\n")] = '\0';
    return copy;
}

static const ddbs_outcome stopped = { .records = 10,
                                      .done = 4,
                                      .skipped = 1,
                                      .parked = 1,
                                      .ignored = 1,
                                      .checkpoint = 7,
                                      .error = { .status = DDBS_E_HANDLER } };

TEST(the_line_of_a_batch_tells_what_became_of_it)
{
    struct ddbs_batch_numbers numbers = { .inserts = 5,
                                          .modifies = 2,
                                          .removes = 1,
                                          .last_created_ns = (int64_t)1792399200 * 1000000000,
                                          .decode_ns = 400999,
                                          .handler_ns = 11900000 };
    struct ddbs_batch batch = { .request_id = "r-1",
                                .outcome = &stopped,
                                .first = { "4414 and more", 4 },
                                .last = { "4423", 4 },
                                .numbers = &numbers,
                                .received_ms = 1792399200812,
                                .took_ns = 12500000,
                                .remaining_ms = 59987,
                                .crashes = 1 };
    configure("Text", NULL);
    ddbs_batch_line__write(&batch);
    CHECK_INT(calls, 1);
    CHECK_STR(line(),
              "INFO RequestId: r-1 batch records=10 done=4 skipped=1 parked=1 ignored=1 poison=0 failed=1 retry=3 "
              "first=4414 last=4423 ms=12.5 remainingMs=59987 insert=5 modify=2 remove=1 other=0 "
              "iteratorAgeMs=812 decodeMs=0.4 handlerMs=11.9 crashes=1 deadlineStops=0");
    configure("JSON", NULL);
    ddbs_batch_line__write(&batch);
    CHECK_INT(calls, 1);
    CHECK_STR(line(),
              "{\"level\":\"INFO\",\"requestId\":\"r-1\",\"message\":\"batch\",\"records\":10,\"done\":4,"
              "\"skipped\":1,\"parked\":1,\"ignored\":1,\"poison\":0,\"failed\":1,\"retry\":3,\"first\":\"4414\","
              "\"last\":\"4423\",\"ms\":12.5,\"remainingMs\":59987,\"insert\":5,\"modify\":2,\"remove\":1,"
              "\"other\":0,\"iteratorAgeMs\":812,\"decodeMs\":0.4,\"handlerMs\":11.9,\"crashes\":1,"
              "\"deadlineStops\":0}");
    configure("JSON", "WARN");
    ddbs_batch_line__write(&batch);
    CHECK_INT(calls, 0);
}

TEST(what_is_not_known_of_a_batch_is_left_out)
{
    ddbs_outcome empty = { .records = 0 };
    struct ddbs_batch batch = { .request_id = "r-1", .outcome = &empty, .remaining_ms = INT64_MAX };
    configure("Text", NULL);
    ddbs_batch_line__write(&batch);
    CHECK_INT(calls, 1);
    CHECK_STR(line(),
              "INFO RequestId: r-1 batch records=0 done=0 skipped=0 parked=0 ignored=0 poison=0 failed=0 retry=0 "
              "ms=0 crashes=0 deadlineStops=0");
}

TEST(a_batch_is_named_by_its_first_and_last_record)
{
    static const char text[] =
        "{\"Records\":[{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"4420\"}},"
        "{\"eventSource\":\"aws:dynamodb\",\"dynamodb\":{\"SequenceNumber\":\"4421\"}}]}";
    struct ddbs_batch batch = { .request_id = "r-1" };
    const ddbs_event *event;
    ddbs_arena *arena;
    REQUIRE(ddbs_arena_new(&arena, 0) == DDBS_OK);
    if (CHECK_STATUS(ddbs_event_parse(arena, "{\"Records\":[]}", 14, NULL, &event, NULL), DDBS_OK)) {
        ddbs_batch__name(&batch, event);
        CHECK(batch.first.ptr == NULL && batch.last.ptr == NULL);
    }
    if (CHECK_STATUS(ddbs_event_parse(arena, text, sizeof text - 1, NULL, &event, NULL), DDBS_OK)) {
        ddbs_batch__name(&batch, event);
        CHECK_VIEW(batch.first, "4420");
        CHECK_VIEW(batch.last, "4421");
    }
    ddbs_arena_free(arena);
}

TEST(a_record_that_was_not_started_did_not_fail)
{
    ddbs_outcome outcome = stopped;
    struct ddbs_batch batch = { .outcome = &outcome };
    CHECK_INT(ddbs_batch__failed(&batch), 1);
    CHECK_INT(ddbs_batch__to_retry(&batch), 3);
    batch.is_error = true;
    CHECK_INT(ddbs_batch__to_retry(&batch), 10);
    outcome.out_of_time = true; /* ended in the middle of it */
    CHECK_INT(ddbs_batch__failed(&batch), 1);
    outcome.error.status = DDBS_E_TIME; /* not begun */
    CHECK_INT(ddbs_batch__failed(&batch), 0);
    outcome.out_of_time = false; /* the handler's own words */
    CHECK_INT(ddbs_batch__failed(&batch), 1);
    outcome = (ddbs_outcome){ .records = 3, .done = 3, .checkpoint = 3, .error = { .status = DDBS_E_HANDLER } };
    CHECK_INT(ddbs_batch__failed(&batch), 0); /* a hook did */
    CHECK_INT(ddbs_batch__to_retry(&batch), 3);
}

TEST(the_iterator_age_is_never_below_zero)
{
    struct ddbs_batch_numbers numbers = { .last_created_ns = DDBS_NO_TIME };
    struct ddbs_batch batch = { .numbers = &numbers, .received_ms = 1000 };
    int64_t age = 42;
    CHECK(!ddbs_batch__iterator_age_ms(&batch, &age));
    numbers.last_created_ns = -1;
    CHECK(!ddbs_batch__iterator_age_ms(&batch, &age));
    numbers.last_created_ns = (int64_t)400 * 1000000;
    CHECK(ddbs_batch__iterator_age_ms(&batch, &age));
    CHECK_INT(age, 600);
    numbers.last_created_ns = INT64_MAX;
    CHECK(ddbs_batch__iterator_age_ms(&batch, &age));
    CHECK_INT(age, 0);
    batch.numbers = NULL;
    CHECK(!ddbs_batch__iterator_age_ms(&batch, &age));
}

/* ---- What a worker measures ---- */

TEST(time_goes_to_decoder_or_handler)
{
    struct ddbs_batch_numbers numbers, taken;
    ddbs_record record = { .operation = DDBS_OP_MODIFY, .created_ns = 77 };
    ddbs_numbers__open(&numbers, 1000);
    ddbs_numbers__turn(&numbers, false, 1100); /* on_batch_begin took 100 */
    ddbs_numbers__decoded(&numbers, &record, 1103);
    ddbs_numbers__turn(&numbers, false, 1133);
    record = (ddbs_record){ .operation = DDBS_OP_UNKNOWN, .created_ns = DDBS_NO_TIME };
    ddbs_numbers__decoded(&numbers, &record, 1138);
    ddbs_numbers__close(&numbers, 1338);
    REQUIRE(ddbs_numbers__take(&numbers, 2, 1000, 2000, &taken));
    CHECK_INT(taken.decode_ns, 8);
    CHECK_INT(taken.handler_ns, 330);
    CHECK_INT(taken.last_created_ns, 77);
    CHECK_INT(taken.modifies, 1);
    CHECK_INT(taken.others, 1);
    CHECK_INT(taken.inserts + taken.removes, 0);
}

TEST(a_lost_workers_last_phase_counts)
{
    struct ddbs_batch_numbers numbers, taken;
    ddbs_record record = { .operation = DDBS_OP_INSERT, .created_ns = 77 };
    ddbs_numbers__open(&numbers, 1000);
    ddbs_numbers__turn(&numbers, false, 1000);
    ddbs_numbers__decoded(&numbers, &record, 1010);
    REQUIRE(ddbs_numbers__take(&numbers, 1, 1000, 3000, &taken));
    CHECK_INT(taken.decode_ns, 10);
    CHECK_INT(taken.handler_ns, 1990);
}

TEST(numbers_that_cannot_be_are_not_believed)
{
    static const struct ddbs_batch_numbers bad[] = {
        { .inserts = 6 },
        { .inserts = UINT32_MAX, .modifies = 1 },
        { .inserts = 2, .modifies = 2, .removes = 1, .others = 1 },
        { .decode_ns = -1 },
        { .handler_ns = 1001 },
        { .handler_ns = INT64_MAX, .decode_ns = INT64_MAX },
        { .handler_ns = 501, .decode_ns = 500 },
        { .handler_ns = 1000, .mark_ns = 1999, .handling = true },
        { .mark_ns = 999 },
        { .mark_ns = 2001 },
        { .mark_ns = INT64_MIN },
    };
    struct ddbs_batch_numbers good = { .inserts = 5, .decode_ns = 500, .handler_ns = 500 }, taken;
    CHECK(ddbs_numbers__take(&good, 5, 1000, 2000, &taken));
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (!CHECK(!ddbs_numbers__take(&bad[i], 5, 1000, 2000, &taken)))
            printf("# row %zu\n", i);
    }
    memset(&good, 0xff, sizeof good);
    CHECK(!ddbs_numbers__take(&good, 5, 1000, 2000, &taken));
}
