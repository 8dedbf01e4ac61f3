/* channel.c: see channel.h. */
#define _GNU_SOURCE
#include "runtime/lambda/channel.h"
#include <ddbstream/base.h>

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Where a handler that closes descriptors by number, or walks over the low ones, hardly comes. */
enum { HIGH_DESCRIPTOR = 900, WORDS_AT_ONCE = 1024 };

/* Two words for each record of the largest batch. Pipes of up to 1 MiB need no privilege (pipe(7)). */
enum { PIPE_SIZE = 128 << 10 };
_Static_assert(PIPE_SIZE >= 2 * sizeof(uint32_t) * DDBS_EVENT_RECORDS_MAX, "the words of a batch fit");

/* A word: two bits of kind, sixteen of generation, fourteen of index: 10,000 records fit. */
enum { INDEX_BITS = 14, GENERATION_BITS = 16 };

static void close_one(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Move a descriptor up, if there is room. */
static void move_high(int *fd)
{
    int high = fcntl(*fd, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
    if (high < 0)
        return;
    close(*fd);
    *fd = high;
}

bool ddbs_channel__open(struct ddbs_channel *channel)
{
    int pair[2], progress[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return false;
    if (pipe2(progress, O_CLOEXEC) != 0) {
        close(pair[0]);
        close(pair[1]);
        return false;
    }
    *channel = (struct ddbs_channel){ pair[0], pair[1], progress[0], progress[1], .narrow = false };
    channel->narrow = fcntl(channel->progress_out, F_SETPIPE_SZ, PIPE_SIZE) < PIPE_SIZE;
    /* The supervisor never waits in a read: it waits in poll, for several things at once. */
    fcntl(channel->supervisor, F_SETFL, O_NONBLOCK);
    fcntl(channel->progress_in, F_SETFL, O_NONBLOCK);
    return true;
}

void ddbs_channel__keep_supervisor(struct ddbs_channel *channel)
{
    close_one(&channel->worker);
    close_one(&channel->progress_out);
}

void ddbs_channel__keep_worker(struct ddbs_channel *channel)
{
    close_one(&channel->supervisor);
    close_one(&channel->progress_in);
    move_high(&channel->worker);
    move_high(&channel->progress_out);
}

void ddbs_channel__close(struct ddbs_channel *channel)
{
    ddbs_channel__keep_supervisor(channel);
    close_one(&channel->supervisor);
    close_one(&channel->progress_in);
}

bool ddbs_channel__send(int socket, const struct ddbs_frame *frame)
{
    ssize_t sent;
    do
        sent = send(socket, frame, sizeof *frame, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    return sent == (ssize_t)sizeof *frame;
}

bool ddbs_channel__receive(int socket, struct ddbs_frame *frame)
{
    struct ddbs_frame buffer[2]; /* one byte too many must show */
    ssize_t got;
    do
        got = recv(socket, buffer, sizeof buffer, 0);
    while (got < 0 && errno == EINTR);
    if (got != (ssize_t)sizeof *frame)
        return false;
    *frame = buffer[0];
    return true;
}

bool ddbs_channel__report(int pipe, struct ddbs_progress progress)
{
    uint32_t word = (uint32_t)progress.kind << (INDEX_BITS + GENERATION_BITS) |
                    (uint32_t)progress.generation << INDEX_BITS | progress.index;
    ssize_t wrote;
    do
        wrote = write(pipe, &word, sizeof word);
    while (wrote < 0 && errno == EINTR);
    return wrote == (ssize_t)sizeof word;
}

size_t ddbs_channel__progress(int pipe, struct ddbs_progress *out, size_t max)
{
    uint32_t words[WORDS_AT_ONCE];
    size_t wanted = max < WORDS_AT_ONCE ? max : WORDS_AT_ONCE;
    ssize_t got;
    do
        got = read(pipe, words, wanted * sizeof *words);
    while (got < 0 && errno == EINTR);
    size_t count = got > 0 ? (size_t)got / sizeof *words : 0;
    for (size_t i = 0; i < count; i++) {
        out[i] = (struct ddbs_progress){
            .kind = (enum ddbs_progress_kind)(words[i] >> (INDEX_BITS + GENERATION_BITS)),
            .generation = (uint16_t)(words[i] >> INDEX_BITS),
            .index = (uint16_t)(words[i] & ((1u << INDEX_BITS) - 1)),
        };
    }
    return count;
}
