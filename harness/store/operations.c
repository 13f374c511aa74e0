/* The operations of a store: a call each, of which appends are entered in the history. */
#include "check.h"
#include "store/store_private.h"

#include <openssl/evp.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *store_create(struct store *store)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, NULL);
    const struct json *result = store_must(store_finish_call(store, "store.create", &writer, &params), "store.create");
    const char *sid = json_get_string(result, "sid");

    expect(sid, WRONG, "a member \"sid\"", "%.*s", (int)result->raw_bytes, result->raw);
    store_know_number(store, sid, 0);
    return store_keep(store, sid);
}

static struct text event_params(const char *sid, const char *event, uint64_t given)
{
    struct text params, numbered;
    struct json_writer writer = store_open_params(&params, sid);

    text_init(&numbered, STORE_PARAMS_BYTES_MAX);
    store_add_numbered(&numbered, event, strlen(event), given);
    json_member(&writer, "event", numbered.bytes);
    text_free(&numbered);
    json_close(&writer, '}');
    return params;
}

uint64_t store_begin_append_as(struct store *store, unsigned client, const char *sid, const char *event)
{
    uint64_t given = store_give_number(store, sid);
    struct text params = event_params(sid, event, given);

    if (strlen(event) > store->shared->biggest_event_bytes)
        store->shared->biggest_event_bytes = strlen(event);
    for (size_t i = 0; i < store->shared->store_count; i++)
        store->shared->overlapped |= store->shared->stores[i]->pending_count > 0;
    if (store->pending_count == DRIVER_CALLS_MAX)
        error_of_harness("more than %d appends that were not ended", DRIVER_CALLS_MAX);
    uint64_t id = driver_send(store->driver, "store.append", &params);
    store->pending[store->pending_count++] =
        (struct pending){id, client, store_keep(store, sid), store_keep(store, event), given};
    text_free(&params);
    return id;
}

/* 0 where a target answers none. */
static uint64_t answered_number(const struct store *store, const struct answer *answer)
{
    int64_t seq = 0;

    if (answer->outcome != ACKNOWLEDGED)
        return 0;
    bool given = json_get_integer(answer->result, "seq", &seq) && seq > 0;
    if (!given && (store_declares(store, "store.seq=none") || store_declares(store, "store.seq=caller")))
        return 0;
    expect(given, WRONG, "a member \"seq\", an integer from 1", "%.*s", (int)answer->result->raw_bytes,
           answer->result->raw);
    return (uint64_t)seq;
}

uint64_t store_number(struct store *store, const char *sid, const struct answer *answer)
{
    uint64_t number = answered_number(store, answer);

    return number || answer->outcome != ACKNOWLEDGED ? number : store_last_number(store, sid);
}

/* Where it was given to the store, it must not come back as another one. */
static uint64_t number_of(const struct store *store, const struct pending *ended, const struct answer *answer)
{
    uint64_t number = answered_number(store, answer);

    if (!ended->given || answer->outcome != ACKNOWLEDGED)
        return number;
    expect(!number || number == ended->given, WRONG, "the number that the event came with, or none", "%llu, not %llu",
           (unsigned long long)number, (unsigned long long)ended->given);
    return ended->given;
}

static void enter(struct store *store, const struct pending *ended, size_t event_bytes, const struct answer *answer,
                  uint64_t number)
{
    if (answer->outcome != ACKNOWLEDGED)
        store_forget_numbers(store);
    history_add_append(store->shared->history, &(struct history_append){.sid = ended->sid,
                                                                        .client = ended->client,
                                                                        .invoked_ns = answer->sent_ns,
                                                                        .ended_ns = answer->answered_ns,
                                                                        .outcome = answer->outcome,
                                                                        .seq = number,
                                                                        .event = ended->event,
                                                                        .event_bytes = event_bytes});
}

static struct pending take_pending(struct store *store, uint64_t call)
{
    size_t at = 0;

    while (at < store->pending_count && store->pending[at].call != call)
        at++;
    if (at == store->pending_count)
        error_of_harness("call %llu is no append in flight", (unsigned long long)call);
    struct pending ended = store->pending[at];
    store->pending[at] = store->pending[--store->pending_count];
    return ended;
}

unsigned store_enter_append(struct store *store, uint64_t call, const struct answer *answer)
{
    struct pending ended = take_pending(store, call);

    enter(store, &ended, strlen(ended.event), answer, number_of(store, &ended, answer));
    return ended.client;
}

uint64_t store_begin_append(struct store *store, const char *sid, const char *event)
{
    return store_begin_append_as(store, 1 + (unsigned)store->pending_count, sid, event);
}

struct answer store_end_append(struct store *store, uint64_t call)
{
    struct answer answer = driver_wait(store->driver, call, STORE_CALL_MS);

    store_enter_append(store, call, &answer);
    return answer;
}

/* An append by itself: where the target answers no number, the session's last one is its own. */
static struct answer append(struct store *store, const char *sid, const char *event, uint64_t *number)
{
    uint64_t call = store_begin_append_as(store, 1, sid, event);
    struct answer answer = driver_wait(store->driver, call, STORE_CALL_MS);
    struct pending ended = take_pending(store, call);

    *number = number_of(store, &ended, &answer);
    if (*number == 0 && !store->pending_count)
        *number = store_number(store, sid, &answer);
    enter(store, &ended, strlen(event), &answer, *number);
    return answer;
}

struct answer store_try_append(struct store *store, const char *sid, const char *event)
{
    uint64_t number;

    return append(store, sid, event, &number);
}

uint64_t store_append(struct store *store, const char *sid, const char *event)
{
    uint64_t number;

    store_must(append(store, sid, event, &number), "store.append");
    return number;
}

uint64_t store_append_typed(struct store *store, const char *sid, const char *event)
{
    uint64_t number;
    struct answer answer = append(store, sid, event, &number);

    if (answer.outcome != REFUSED || !store_declares(store, "store.events=typed"))
        store_must(answer, "store.append");
    return number;
}

const char *store_fork(struct store *store, const char *sid, uint64_t head)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, sid);

    if (head)
        json_member_integer(&writer, "head", (int64_t)head);
    const char *child =
        json_get_string(store_must(store_finish_call(store, "store.fork", &writer, &params), "store.fork"), "sid");
    expect(child, WRONG, "a member \"sid\"", "none");
    return store_keep(store, child);
}

uint64_t store_resume(struct store *store, const char *sid)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, sid);
    int64_t next = 0;
    const struct json *result = store_must(store_finish_call(store, "store.resume", &writer, &params), "store.resume");

    expect(json_get_integer(result, "next_seq", &next), WRONG, "a member \"next_seq\"", "%.*s", (int)result->raw_bytes,
           result->raw);
    return (uint64_t)next;
}

const struct json *store_metadata(struct store *store, const char *sid, const char *patch)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, sid);

    if (patch) {
        json_key(&writer, "patch");
        json_raw(&writer, patch, strlen(patch));
    }
    const struct json *result =
        store_must(store_finish_call(store, "store.metadata", &writer, &params), "store.metadata");
    const struct json *metadata = json_get(result, "metadata");
    expect(metadata && metadata->type == JSON_OBJECT, WRONG, "a member \"metadata\", an object", "%.*s",
           (int)result->raw_bytes, result->raw);
    return metadata;
}

void store_delete(struct store *store, const char *sid)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, sid);

    store_must(store_finish_call(store, "store.delete", &writer, &params), "store.delete");
}

struct answer store_try(struct store *store, const char *method, const struct text *params)
{
    return driver_call(store->driver, method, params, STORE_CALL_MS);
}

struct answer store_try_append_bytes(struct store *store, const char *sid, const void *event, size_t bytes)
{
    struct pending ended = {.client = 1, .sid = sid, .event = event, .given = store_give_number(store, sid)};
    struct text params, numbered;

    text_init(&numbered, STORE_PARAMS_BYTES_MAX);
    store_add_numbered(&numbered, event, bytes, ended.given);
    char *encoded = malloc(numbered.length / 3 * 4 + 8);
    if (!encoded)
        abort();
    EVP_EncodeBlock((unsigned char *)encoded, (const unsigned char *)numbered.bytes, (int)numbered.length);
    text_free(&numbered);
    struct json_writer writer = store_open_params(&params, sid);
    json_member(&writer, "event_base64", encoded);
    free(encoded);
    struct answer answer = store_finish_call(store, "store.append", &writer, &params);
    uint64_t number = number_of(store, &ended, &answer);
    enter(store, &ended, bytes, &answer, number ? number : store_number(store, sid, &answer));
    return answer;
}

const char *store_message(struct store *store, const char *text)
{
    struct text event;

    text_init(&event, STORE_PARAMS_BYTES_MAX);
    struct json_writer writer = json_write(&event);
    json_open(&writer, '{');
    json_member(&writer, "type", "user.message");
    json_member(&writer, "text", text);
    json_close(&writer, '}');
    const char *kept = store_keep(store, event.bytes);
    text_free(&event);
    return kept;
}

const char *store_event(struct store *store, const char *text)
{
    struct text marked;

    text_init(&marked, STORE_PARAMS_BYTES_MAX);
    text_addf(&marked, "op-%06llu ", (unsigned long long)++store->shared->next_op);
    text_add(&marked, text ? text : "hello");
    const char *event = store_message(store, marked.bytes);
    text_free(&marked);
    return event;
}
