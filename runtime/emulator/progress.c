/* progress.c: see progress.h.
 *
 * No flicker: taking the old lines away, what was printed in between and the new lines leave in one write, because
 * the terminal's buffer is ours and is flushed with each frame. A terminal that was made narrower has wrapped the
 * old lines: how many rows they take is counted with the width at hand. */
#include "progress.h"

#include "clock.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { FRAME_MS = 80, SHARDS_SHOWN = 8, LINE_MAX_BYTES = 512, BUFFER_BYTES = 64 * 1024, COLUMNS = 80, ROWS = 24 };

static struct {
    bool live;
    size_t lens[SHARDS_SHOWN + 1]; /* of the lines that stand there, in columns */
    size_t count;
    bool shown;
    int64_t drawn_ms; /* CLOCK_MONOTONIC */
} screen;

static volatile sig_atomic_t resized;

static void on_resize(int signal_number)
{
    (void)signal_number;
    resized = 1; /* that a wait is interrupted is enough: the next frame asks for the size */
}

static struct winsize size_of_screen(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0)
        return (struct winsize){ .ws_row = ROWS, .ws_col = COLUMNS };
    return size;
}

void progress_begin(void)
{
    const char *term = getenv("TERM");
    struct sigaction action = { .sa_handler = on_resize };
    if (!isatty(STDOUT_FILENO) || term == NULL || strcmp(term, "dumb") == 0)
        return;
    screen.live = true;
    setvbuf(stdout, NULL, _IOFBF, BUFFER_BYTES);
    sigaction(SIGWINCH, &action, NULL);
}

bool progress_live(void)
{
    return screen.live;
}

void progress_hide(void)
{
    size_t rows = 0, columns = screen.shown ? size_of_screen().ws_col : 1;
    if (!screen.shown)
        return;
    for (size_t i = 0; i < screen.count; i++)
        rows += screen.lens[i] <= columns ? 1 : (screen.lens[i] + columns - 1) / columns;
    printf("\r\033[%zuA\033[J", rows);
    screen.shown = false;
}

/* ---- Drawing ----------------------------------------------------------------------------------------------------- */

static const char *state_of(char text[64], const struct tally_shard *shard)
{
    if (shard->ended)
        return "ended";
    if (shard->denied)
        return "reading is denied";
    if (shard->running == 0 && !shard->waits)
        return "waits for records";
    if (shard->running == 0)
        return "waits before the next attempt";
    snprintf(text, 64, "attempt %" PRIu64, shard->attempt);
    return shard->attempt > 1 ? text : "running";
}

/* The end of an id tells shards apart, its begin is the same everywhere. */
static void describe(char line[LINE_MAX_BYTES], const struct tally_shard *shard, size_t columns)
{
    char state[64], age[48] = "";
    size_t len = strlen(shard->id), shown = columns >= 110 ? len : len < 12 ? len : 12;
    if (shard->age_ms >= 0)
        snprintf(age, sizeof age, "  age %" PRId64 ".%" PRId64 " s", shard->age_ms / 1000, shard->age_ms % 1000 / 100);
    snprintf(line, LINE_MAX_BYTES,
             "%s%s  %" PRIu64 " polled  %" PRIu64 " done  %" PRIu64 " open  %" PRIu64 " discarded  %" PRIu64
             " invoked  %" PRIu64 " failed%s  %s",
             shown < len ? ".." : "", shard->id + len - shown, shard->polled, shard->done, tally_open(shard),
             shard->discarded, shard->invocations, shard->failures, age, state_of(state, shard));
}

/* A line, cut to the screen; the last column stays free, where terminals differ in when they wrap. */
static void put_line(const char *line, size_t columns)
{
    size_t len = strlen(line);
    size_t shown = len < columns ? len : columns - 1;
    for (size_t i = 0; i < shown; i++)
        putchar(line[i] >= 0x20 && line[i] < 0x7f ? line[i] : '?');
    putchar('\n');
    screen.lens[screen.count++] = shown;
}

/* The shards that are read or were not yet, as many as there is room for. */
static void draw(const struct tally *tally)
{
    struct winsize size = size_of_screen();
    char line[LINE_MAX_BYTES];
    size_t room = size.ws_row > SHARDS_SHOWN + 2 ? SHARDS_SHOWN : size.ws_row > 3 ? size.ws_row - 3u : 1, more = 0;
    screen.count = 0;
    for (size_t i = 0; i < tally->count; i++) {
        const struct tally_shard *shard = &tally->shards[i];
        if (shard->id[0] == '\0' || (shard->ended && tally->count > room))
            continue;
        if (screen.count == room) {
            more++;
            continue;
        }
        describe(line, shard, size.ws_col);
        put_line(line, size.ws_col);
    }
    if (more > 0) {
        snprintf(line, sizeof line, "and %zu more shard%s", more, more == 1 ? "" : "s");
        put_line(line, size.ws_col);
    }
    screen.shown = screen.count > 0;
}

int progress_show(const struct tally *tally)
{
    if (!screen.live)
        return -1;
    int64_t now = clock_ms(CLOCK_MONOTONIC), next = screen.drawn_ms + FRAME_MS;
    if (now < next && !resized)
        return (int)(next - now);
    resized = 0;
    progress_hide();
    draw(tally);
    fflush(stdout);
    screen.drawn_ms = now;
    return 5 * FRAME_MS;
}

void progress_end(void)
{
    progress_hide();
    fflush(stdout);
    screen.live = false;
}
