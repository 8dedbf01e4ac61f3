/* deadline.c: see deadline.h. */
#include "runtime/lambda/deadline.h"

#include <string.h>
#include <time.h>

/* A function runs 900 s at most (LAMBDA quotas); what is further away comes from a clock that is wrong. */
#define REMAINING_MAX_MS ((int64_t)905 * 1000)

/* More digits than the year 2286 needs could overflow. */
#define DIGITS_MAX 15

static int64_t now_ms(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static bool parse_ms(const char *text, int64_t *out)
{
    size_t len = strlen(text);
    int64_t value = 0;
    if (len == 0 || len > DIGITS_MAX || strspn(text, "0123456789") != len)
        return false;
    for (; *text != '\0'; text++)
        value = value * 10 + (*text - '0');
    *out = value;
    return true;
}

enum ddbs_deadline_fault ddbs_deadline__read(const char *text, struct ddbs_deadline *out)
{
    int64_t deadline;
    int64_t remaining;
    *out = (struct ddbs_deadline){ .known = false };
    if (text[0] == '\0')
        return DDBS_DEADLINE_ABSENT;
    if (!parse_ms(text, &deadline))
        return DDBS_DEADLINE_IMPLAUSIBLE;
    remaining = deadline - now_ms(CLOCK_REALTIME);
    if (remaining < 0 || remaining > REMAINING_MAX_MS)
        return DDBS_DEADLINE_IMPLAUSIBLE;
    *out = (struct ddbs_deadline){ .known = true, .ends_ms = now_ms(CLOCK_MONOTONIC) + remaining };
    return DDBS_DEADLINE_FINE;
}

int64_t ddbs_deadline__now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

struct ddbs_deadline ddbs_deadline__after(int64_t ms)
{
    return (struct ddbs_deadline){ .known = true, .ends_ms = now_ms(CLOCK_MONOTONIC) + ms };
}

/* At least `least`, or `total` / `share` where that is more, but never over `total` / `most`. */
static int64_t reserve_ms(int64_t total, int64_t least, int64_t share, int64_t most)
{
    int64_t reserve = total / share > least ? total / share : least;
    return reserve < total / most ? reserve : total / most;
}

int64_t ddbs_deadline__hard_of(int64_t total)
{
    return total <= 0 ? 0 : reserve_ms(total, 150, 200, 8);
}

int64_t ddbs_deadline__soft_of(int64_t total)
{
    return total <= 0 ? 0 : reserve_ms(total, 500, 50, 4);
}

struct ddbs_deadline ddbs_deadline__hard(const struct ddbs_deadline *deadline)
{
    struct ddbs_deadline hard = *deadline;
    if (hard.known)
        hard.ends_ms -= ddbs_deadline__hard_of(ddbs_deadline__remaining_ms(deadline));
    return hard;
}

int64_t ddbs_deadline__soft_ms(const struct ddbs_deadline *deadline)
{
    return deadline->known ? ddbs_deadline__soft_of(ddbs_deadline__remaining_ms(deadline)) : 0;
}

int64_t ddbs_deadline__remaining_ms(const struct ddbs_deadline *deadline)
{
    return deadline->known ? deadline->ends_ms - now_ms(CLOCK_MONOTONIC) : INT64_MAX;
}
