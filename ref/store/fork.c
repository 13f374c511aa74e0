/* Forking: the parent's events, copied into a session in the making under numbers of its own. */
#include "base/io.h"
#include "store/build.h"
#include "store/files.h"
#include "store/lines.h"

#include <string.h>

/* Copies one event under its number in the child. */
static enum store_result copy_event(const struct build *build, const struct event *event, uint64_t seq,
                                    struct buffer *line, struct error *err)
{
    bool copied;

    buffer_clear(line);
    store_event_add_line(line, event, event->ts, seq);
    copied = !line->failed && io_write_all(build->events_fd, line->data, line->bytes);
    buffer_clear(line);
    store_event_add_transcript(line, event, event->ts, seq);
    copied = copied && !line->failed && io_write_all(build->transcript_fd, line->data, line->bytes);
    if (!copied)
        error_set_errno(err, "cannot copy an event");
    return copied ? STORE_OK : STORE_IO;
}

static enum store_result copy_events(const struct build *build, struct lines *lines, uint64_t head, struct error *err)
{
    struct buffer line = buffer_new(STORE_LINE_MAX_BYTES);
    enum store_result result = STORE_OK;
    struct json_span span;
    struct event event;
    uint64_t seq = 0;

    while ((result = store_lines_next(lines, &span, err)) == STORE_OK && span.at) {
        result = store_event_parse_line((struct json_span){span.at, span.bytes - 1}, &event, err);
        if (result == STORE_OK && head > 0 && event.seq > head)
            break;
        if (result == STORE_OK && !store_event_stays_behind(&event))
            result = copy_event(build, &event, ++seq, &line, err);
        if (result != STORE_OK)
            break;
    }
    buffer_free(&line);
    return result;
}

/* The parent's events up to its present end: appended lines never change, so no lock is needed to read them. */
static enum store_result fork_visited(struct visit *parent, uint64_t head, char child[STORE_SID_BYTES],
                                      struct error *err)
{
    uint64_t end_bytes = parent->session->tail.events_bytes;
    struct lines lines;
    struct build build;
    enum store_result result;

    visit_unlock(parent);
    result = store_build_begin(&build, parent->store, err);
    if (result != STORE_OK)
        return result;
    lines = store_lines(parent->events_fd, 0, end_bytes);
    result = copy_events(&build, &lines, head, err);
    store_lines_free(&lines);
    result = store_build_end(&build, result, err);
    if (result == STORE_OK)
        memcpy(child, build.sid, STORE_SID_BYTES);
    return result;
}

enum store_result store_fork(struct store *store, const char *sid, uint64_t head, char child[STORE_SID_BYTES],
                             struct error *err)
{
    struct visit parent;
    enum store_result result;

    pthread_mutex_lock(&store->build_lock);
    result = visit_begin(&parent, store, sid, err);
    if (result == STORE_OK) {
        result = store_log_open(&parent, err);
        if (result == STORE_OK)
            result = fork_visited(&parent, head, child, err);
        visit_end(&parent);
    }
    pthread_mutex_unlock(&store->build_lock);
    return result;
}
