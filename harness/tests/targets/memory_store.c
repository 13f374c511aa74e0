/* Sessions and their events in arrays; the place of an event in its array is its number. */
#include "tests/targets/memory_store.h"

#include "base/text.h"
#include "base/xalloc.h"

#include <openssl/evp.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PAGE_MAX_BYTES = 8 << 20, SID_BYTES = 33 };

struct session {
    char sid[SID_BYTES];
    char **events; /* JSON texts */
    size_t count, capacity;
};

static struct session sessions[MEMORY_STORE_SESSIONS_MAX];
static size_t session_count;
static int64_t event_max_bytes = MEMORY_STORE_EVENT_MAX_BYTES;

static void start(const struct request *request)
{
    int64_t limit;

    if (json_get_integer(json_get(request->params, "limits"), "event_bytes", &limit))
        event_max_bytes = limit;
    small_driver_answer(request, "{}");
}

static void create(const struct request *request)
{
    if (session_count == MEMORY_STORE_SESSIONS_MAX) {
        small_driver_refuse(request, "refused", "too many sessions");
        return;
    }
    struct session *session = &sessions[session_count++];
    snprintf(session->sid, sizeof session->sid, "%032zx", session_count);
    small_driver_answer(request, "{\"sid\":\"%s\"}", session->sid);
}

/* NULL: there is none, and the request was answered. */
static struct session *session_of(const struct request *request)
{
    const char *sid = json_get_string(request->params, "sid");

    for (size_t i = 0; sid && i < session_count; i++)
        if (!strcmp(sessions[i].sid, sid))
            return &sessions[i];
    small_driver_refuse(request, "refused", "no such session");
    return NULL;
}

/* The event as it is kept: seq and ts in front, instead of any that came. */
static char *numbered(const struct json *event, size_t seq)
{
    struct text text;

    text_init(&text, 2 * MEMORY_STORE_EVENT_MAX_BYTES);
    struct json_writer writer = json_write(&text);
    json_open(&writer, '{');
    json_member_integer(&writer, "seq", (int64_t)seq);
    json_member_integer(&writer, "ts", time(NULL));
    for (const struct json *member = event->child; member; member = member->next) {
        if (!strcmp(member->name, "seq") || !strcmp(member->name, "ts"))
            continue;
        json_string_bytes(&writer, member->name, member->name_bytes);
        text_add(&text, ":");
        writer.comma = false;
        json_raw(&writer, member->raw, member->raw_bytes);
    }
    json_close(&writer, '}');
    return text_take(&text);
}

/* The text of the event that came, as a string or in base64; the caller frees it. */
static struct text text_of_event(const struct request *request)
{
    const struct json *plain = json_get(request->params, "event");
    const struct json *coded = json_get(request->params, "event_base64");
    struct text text;

    text_init(&text, SMALL_DRIVER_LINE_MAX_BYTES);
    if (plain && plain->string)
        text_add_bytes(&text, plain->string, plain->string_bytes);
    if (coded && coded->string) {
        unsigned char *bytes = xalloc_resize(NULL, coded->string_bytes + 1, 1);
        int count = EVP_DecodeBlock(bytes, (const unsigned char *)coded->string, (int)coded->string_bytes);

        for (const char *end = coded->string + coded->string_bytes; count > 0 && end[-1] == '='; end--)
            count--; /* OpenSSL counts the padding */
        text_add_bytes(&text, bytes, count > 0 ? (size_t)count : 0);
        free(bytes);
    }
    return text;
}

static void append(const struct request *request, struct session *session)
{
    struct text text = text_of_event(request);
    const struct json *event = json_read(text.bytes, text.length, NULL);

    if ((int64_t)text.length > event_max_bytes) {
        small_driver_refuse(request, "refused", "the event is too big");
    } else if (!event || event->type != JSON_OBJECT) {
        small_driver_refuse(request, "refused", "the event is no JSON object");
    } else {
        if (session->count == session->capacity) {
            session->capacity = session->capacity ? 2 * session->capacity : 64;
            session->events = xalloc_resize(session->events, session->capacity, sizeof *session->events);
        }
        session->events[session->count] = numbered(event, session->count + 1);
        small_driver_answer(request, "{\"seq\":%zu}", ++session->count);
    }
    json_free(event);
    text_free(&text);
}

static void read_events(const struct request *request, const struct session *session)
{
    int64_t after = request_integer(request, "after"), limit = request_integer(request, "limit");
    size_t first = after > 0 ? (size_t)after : 0, last = limit > 0 ? first + (size_t)limit : session->count;
    struct text page;

    text_init(&page, SMALL_DRIVER_LINE_MAX_BYTES);
    struct json_writer writer = json_write(&page);
    json_open(&writer, '{');
    json_key(&writer, "events");
    json_open(&writer, '[');
    for (size_t i = first, bytes = 0; i < last && i < session->count; i++) {
        bytes += strlen(session->events[i]);
        if (i > first && bytes > PAGE_MAX_BYTES)
            break;
        json_string(&writer, session->events[i]);
    }
    json_close(&writer, ']');
    json_close(&writer, '}');
    small_driver_answer_bytes(request, page.bytes, page.length);
    text_free(&page);
}

bool memory_store_serve(const struct request *request)
{
    struct session *session;

    if (request_is(request, "store.start"))
        start(request);
    else if (request_is(request, "store.create"))
        create(request);
    else if (!request_is(request, "store.append") && !request_is(request, "store.read"))
        return false;
    else if (!(session = session_of(request)))
        return true;
    else if (request_is(request, "store.append"))
        append(request, session);
    else
        read_events(request, session);
    return true;
}

void memory_store_free(void)
{
    for (size_t i = 0; i < session_count; i++) {
        for (size_t event = 0; event < sessions[i].count; event++)
            free(sessions[i].events[event]);
        free(sessions[i].events);
    }
    session_count = 0;
}
