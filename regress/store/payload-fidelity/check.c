/* What is appended is what is read: every JSON value comes back equal, whatever its size and spelling. */
#include "check.h"
#include "store/store.h"

#include <stdio.h>
#include <string.h>

static const char *const payloads[] = {
    "{\"type\":\"tool.use\",\"input\":{\"path\":\"a/b\",\"n\":1,\"deep\":[[[{\"x\":[]}]]]}}",
    "{\"type\":\"tool.result\",\"output\":\"line\\nline\\ttab \\\"quoted\\\" back\\\\slash \\/ end\"}",
    "{\"type\":\"assistant.message\",\"text\":\"\\u00e9\\ud83d\\ude00 and é😀\"}",
    "{\"type\":\"user.message\",\"text\":\"\",\"empty\":{},\"none\":null,\"yes\":true,\"no\":false}",
    "{\"type\":\"x.unknown\",\"\":\"empty name\",\"with space\":1,\"Ünïcode\":2}",
    "{ \"type\" : \"user.message\" ,\n\t\r\n \"text\" : \"white space between tokens\" }",
    "{\"text\":\"type comes last\",\"type\":\"user.message\"}",
    "{\"type\":\"user.message\",\"list\":[1,-1,0,1.5,1e3,\"\",[],{}]}",
};
enum { PAYLOADS = sizeof payloads / sizeof *payloads };

static void every_payload_comes_back_equal(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    for (int i = 0; i < PAYLOADS; i++)
        store_append(store, sid, payloads[i]);
    store_restart(store);
    store_read(store, sid);
    expect_sound_history(store, sid);
}

static void one_event_of_every_size_around_a_block(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);
    static char text[1 << 17];

    memset(text, 's', sizeof text);
    static const size_t blocks[] = {4096, 8192, 65536};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        for (size_t bytes = blocks[i] - 100; bytes <= blocks[i] + 2; bytes += 4) {
            text[bytes] = '\0';
            store_append(store, sid, store_event(store, text));
            text[bytes] = 's';
        }
    store_read(store, sid);
    expect_sound_history(store, sid);
}

static void a_plain_event_comes_back(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_message(store, "plain"));
    struct store_events events = store_read(store, sid);
    expect_integer((int64_t)events.count, 1, "events read");
    expect_text(json_get_string(events.events[0], "text"), "plain", "the text");
    expect_text(json_get_string(events.events[0], "type"), "user.message", "the type");
}

const struct check check = {
    .title = "What is appended is what is read, value for value",
    .level = MUST,
    .origins = {"OAS-1", "RFC 8259 2"},
    .needs = {"whole_events"},
    .cases =
        {
            CASE(every_payload_comes_back_equal),
            CASE(one_event_of_every_size_around_a_block),
            CONTROL(a_plain_event_comes_back),
        },
};
