/* window.c: tumbling windows: which records belong together, the state that is handed on, when a window is closed.
 *
 * Windows were seen to follow the records' own times; one is closed by a later record, by the end of the shard, by a
 * state over 1 MB, or, where nothing comes, about two minutes after its end. */
#include "runtime/mapping/engine.h"

#include <stdlib.h>
#include <string.h>

int64_t mapping_window_of(const struct mapping_settings *settings, int64_t ms)
{
    int64_t width = settings->tumbling_window * 1000;
    int64_t into = ms % width;
    return ms - (into < 0 ? into + width : into);
}

/* A record that is older than the open window joins it: a window that was left does not come back. */
bool mapping_window_takes(const struct mapping_settings *settings, const struct shard *shard, const struct lane *lane,
                          const struct mapping_record *record)
{
    if (settings->tumbling_window == 0)
        return true;
    int64_t start = mapping_window_of(settings, record->created_ms);
    if (lane->next.count > 0)
        return start <= lane->next_window;
    return !shard->window.open || start <= shard->window.start_ms;
}

int64_t mapping_window_idle_at(const struct mapping_settings *settings, const struct window *window)
{
    return window->start_ms + settings->tumbling_window * 1000 + settings->idle_close_ms;
}

bool mapping_window_closes(const struct mapping *mapping, const struct shard *shard)
{
    const struct mapping_settings *settings = &mapping->settings;
    const struct window *window = &shard->window;
    if (!window->open || mapping->broken)
        return false;
    if (shard->holding)
        return mapping_window_of(settings, shard->held.created_ms) > window->start_ms;
    return shard->phase == SHARD_FLUSHED || mapping->now_ms >= mapping_window_idle_at(settings, window);
}

void mapping_window_open(struct window *window, int64_t start_ms)
{
    if (window->open)
        return;
    window->open = true;
    window->start_ms = start_ms;
}

void mapping_window_close(struct window *window)
{
    free(window->state);
    *window = (struct window){ .open = false };
}

bool mapping_window_keep(struct window *window, ddbs_str state)
{
    char *copy = malloc(state.len + 1);
    if (copy == NULL)
        return false;
    memcpy(copy, state.ptr, state.len);
    copy[state.len] = '\0';
    free(window->state);
    window->state = copy;
    window->state_len = state.len;
    window->early = state.len > MAPPING_STATE_BYTES_MAX;
    return true;
}

struct mapping_window mapping_window_view(const struct mapping_settings *settings, const struct window *window,
                                          bool final)
{
    ddbs_str state = { "{}", 2 };
    if (window->state != NULL)
        state = (ddbs_str){ window->state, window->state_len };
    return (struct mapping_window){ .start_ms = window->start_ms,
                                    .end_ms = window->start_ms + settings->tumbling_window * 1000,
                                    .state = state,
                                    .final = final,
                                    .early = final && window->early };
}
