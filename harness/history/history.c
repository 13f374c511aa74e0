/* The record of a history: see history/history.h. */
#include "history/history.h"

#include "base/xalloc.h"
#include "history/history_private.h"

#include <stdlib.h>
#include <string.h>

struct history *history_create(void)
{
    struct history *history = xalloc_resize(NULL, 1, sizeof *history);

    *history = (struct history){0};
    return history;
}

static void forget_reads(struct history_session *session)
{
    for (size_t i = 0; i < session->reading_count; i++)
        free(session->readings[i].odd);
    for (size_t i = 0; i < session->seen_count; i++)
        free(session->seen[i]);
    session->reading_count = 0;
    session->seen_count = 0;
}

static void free_session(struct history_session *session)
{
    forget_reads(session);
    for (size_t i = 0; i < session->operation_count; i++) {
        free(session->operations[i].event);
        free(session->operations[i].mark);
    }
    free(session->operations);
    free(session->readings);
    free(session->seen);
    free(session->damaged);
    free(session->sid);
    free(session);
}

void history_free(struct history *history)
{
    if (!history)
        return;
    for (size_t i = 0; i < history->count; i++)
        free_session(history->sessions[i]);
    free(history->sessions);
    free(history);
}

/* A case works with few sessions, and mostly with the one it made last. */
static struct history_session *look_up(const struct history *history, const char *sid)
{
    for (size_t i = history->count; i-- > 0;)
        if (strcmp(history->sessions[i]->sid, sid) == 0)
            return history->sessions[i];
    return NULL;
}

const struct history_session *history_find(const struct history *history, const char *sid)
{
    return look_up(history, sid);
}

static char *copy_of(const char *bytes, size_t count)
{
    char *copy = xalloc_resize(NULL, count + 1, 1);

    if (count > 0)
        memcpy(copy, bytes, count);
    copy[count] = '\0';
    return copy;
}

static struct history_session *find_or_add(struct history *history, const char *sid)
{
    struct history_session *session = look_up(history, sid);

    if (session)
        return session;
    session = xalloc_resize(NULL, 1, sizeof *session);
    *session = (struct history_session){.sid = copy_of(sid, strlen(sid))};
    history->sessions = xalloc_resize(history->sessions, history->count + 1, sizeof *history->sessions);
    history->sessions[history->count++] = session;
    return session;
}

bool history_must_be_there(const struct history_operation *operation)
{
    return operation->outcome == ACKNOWLEDGED && !operation->damaged;
}

void history_add_append(struct history *history, const struct history_append *append)
{
    struct history_session *session = find_or_add(history, append->sid);

    if (session->operation_count == session->operation_capacity) {
        session->operation_capacity = session->operation_capacity ? 2 * session->operation_capacity : 16;
        session->operations =
            xalloc_resize(session->operations, session->operation_capacity, sizeof *session->operations);
    }
    const struct json *event = json_read_event(append->event, append->event_bytes, NULL);
    const char *mark;
    size_t mark_bytes = history_mark(event, &mark);
    session->operations[session->operation_count++] = (struct history_operation){
        .client = append->client,
        .invoked_ns = append->invoked_ns,
        .ended_ns = append->ended_ns,
        .outcome = append->outcome,
        .seq = append->seq,
        .is_json = event && event->type == JSON_OBJECT,
        .event = copy_of(append->event, append->event_bytes),
        .event_bytes = append->event_bytes,
        .mark = mark_bytes ? copy_of(mark, mark_bytes) : NULL,
    };
    json_free(event);
}

const char *history_acknowledged(const struct history *history, const char *sid, size_t n)
{
    const struct history_session *session = look_up(history, sid);

    for (size_t i = 0; session && i < session->operation_count; i++)
        if (session->operations[i].outcome == ACKNOWLEDGED && n-- == 0)
            return session->operations[i].event;
    return NULL;
}

/* Two readings of one event. A time stamp is the target's own affair, and may be rendered as it likes. */
static bool shows_the_same(const char *a, const char *b)
{
    static const char *const ignored[] = {"ts", NULL};

    if (strcmp(a, b) == 0)
        return true;
    const struct json *first = json_read_event(a, strlen(a), NULL);
    const struct json *second = json_read_event(b, strlen(b), NULL);
    bool same = first && second && json_equal_without(first, second, ignored);
    json_free(first);
    json_free(second);
    return same;
}

void history_add_read(struct history *history, const struct history_read *read)
{
    struct history_session *session = find_or_add(history, read->sid);
    struct history_reading reading = {
        .client = read->client, .invoked_ns = read->invoked_ns, .ended_ns = read->ended_ns, .count = read->count};

    size_t i = 0;
    while (i < read->count && i < session->seen_count && shows_the_same(read->events[i], session->seen[i]))
        i++;
    if (i < read->count && i < session->seen_count) {
        reading.odd = copy_of(read->events[i], strlen(read->events[i]));
        reading.odd_index = i;
    } else if (read->count > session->seen_count) {
        session->seen = xalloc_resize(session->seen, read->count, sizeof *session->seen);
        for (; i < read->count; i++)
            session->seen[i] = copy_of(read->events[i], strlen(read->events[i]));
        session->seen_count = read->count;
    }

    if (session->reading_count == session->reading_capacity) {
        session->reading_capacity = session->reading_capacity ? 2 * session->reading_capacity : 16;
        session->readings = xalloc_resize(session->readings, session->reading_capacity, sizeof *session->readings);
    }
    session->readings[session->reading_count++] = reading;
}

void history_damage(struct history *history, const char *sid, uint64_t seq)
{
    struct history_session *session = find_or_add(history, sid);

    for (size_t i = 0; i < session->operation_count; i++)
        if (history_must_be_there(&session->operations[i]) && session->operations[i].seq == seq)
            session->operations[i].damaged = true;
    session->damaged = xalloc_resize(session->damaged, session->damaged_count + 1, sizeof *session->damaged);
    session->damaged[session->damaged_count++] = seq;
    forget_reads(session);
}

bool history_never(enum history_verdict verdict)
{
    return verdict == HISTORY_LOST || verdict == HISTORY_DUPLICATE_SEQ || verdict == HISTORY_NOT_JSON;
}
