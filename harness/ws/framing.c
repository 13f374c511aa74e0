/* Tables of frames, and the probe that shows whether a connection still serves. */
#include "ws/framing.h"

#include "base/text.h"
#include "check.h"
#include "wire/jsonrpc.h"
#include "ws/expect.h"

#include <stdio.h>
#include <string.h>

enum { PROBE_MAX_BYTES = 8 << 20, EXPECTED_MAX_BYTES = 512 };

/* Of a server that does not declare more. RFC 6455 7.1.7 leaves the Close open, and that its code is an appropriate one
 * is a SHOULD. */
static const char lax[] = "1000 1001 1002 1003 1007 1008 1009 1010 1011 none drop";

/* --- what fails --- */

static enum how how_of_end(const struct ws_event *event)
{
    return event->kind == WS_SILENCE ? HANG : event->kind == WS_GOT_FIN || event->kind == WS_GOT_RESET ? SILENT : WRONG;
}

static void expect_close(struct ws_peer *peer, const char *codes, const char *what, const char *rule)
{
    bool strict = ws_peer_server(peer)->strict;
    struct ws_event event = ws_read(peer);
    bool closes = ws_is_close(&event, codes) || (!strict && ws_is_close(&event, lax));
    char expected[EXPECTED_MAX_BYTES];

    snprintf(expected, sizeof expected, "Close %s%s; %s", codes, strict ? "" : ", or another", rule);
    expect(closes, how_of_end(&event), expected, "%s: %s", what, event.summary);
    if (event.kind != WS_GOT_CLOSE)
        return;
    event = ws_read(peer);
    expect(event.kind == WS_GOT_FIN || event.kind == WS_GOT_RESET, how_of_end(&event),
           "the end of the connection behind both Closes (RFC 6455 7.1.1)", "%s: %s", what, event.summary);
}

void ws_expect_failing(struct ws_peer *peer, const char *codes, const char *what, const char *rule)
{
    expect_close(peer, codes, what, rule);
}

static struct ws_client *send_row(struct ws_target *server, const struct ws_row *row)
{
    struct ws_client *client = ws_join(server);

    if (row->count > WS_ROW_FRAMES_MAX)
        error_of_harness("a row of more than %d frames", WS_ROW_FRAMES_MAX);
    for (size_t i = 0; i < row->count; i++)
        ws_send_frame(ws_peer_of(client), &row->frames[i]);
    return client;
}

void ws_expect_failed(struct ws_target *server, const struct ws_row *rows, size_t count, const char *codes)
{
    for (size_t i = 0; i < count; i++) {
        struct ws_client *client = send_row(server, &rows[i]);

        ws_send_probe(ws_peer_of(client));
        expect_close(ws_peer_of(client), codes, rows[i].what, rows[i].rule);
        ws_drop(client);
    }
    ws_expect_alive(server);
}

/* --- what does not --- */

void ws_expect_passed_over(struct ws_target *server, const struct ws_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct ws_client *client = send_row(server, &rows[i]);
        struct ws_probe probe = ws_send_probe(ws_peer_of(client));

        ws_expect_answered(ws_peer_of(client), &probe, rows[i].what);
        ws_leave(client);
    }
}

struct ws_probe ws_make_probe(size_t bytes)
{
    static const char letters[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
    static struct text text;
    static unsigned made;
    struct ws_probe probe;

    if (!text.max_bytes)
        text_init(&text, PROBE_MAX_BYTES);
    text_clear(&text);
    snprintf(probe.id, sizeof probe.id, "probe-%u", ++made);
    text_addf(&text, "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"method\":\"assay/none\",\"params\":{\"p\":\"", probe.id);
    while (text.length + sizeof letters - 1 + 3 <= bytes)
        text_add(&text, letters);
    while (text.length + 3 < bytes)
        text_add(&text, "x");
    text_add(&text, "\"}}");
    probe.text = text.bytes;
    probe.bytes = text.length;
    return probe;
}

struct ws_probe ws_send_probe(struct ws_peer *peer)
{
    struct ws_probe probe = ws_make_probe(0);

    ws_send_text_bytes(peer, probe.text, probe.bytes);
    return probe;
}

static bool answers(const struct ws_event *event, const struct ws_probe *probe)
{
    const struct json *document =
        event->kind == WS_GOT_MESSAGE && event->opcode == WS_TEXT ? json_read(event->bytes, event->count, NULL) : NULL;
    struct jsonrpc message = document ? jsonrpc_look(document) : (struct jsonrpc){.kind = JSONRPC_BROKEN};
    bool fits = message.kind == JSONRPC_ERROR && message.id->type == JSON_STRING &&
                strcmp(json_as_string(message.id), probe->id) == 0;

    json_free(document);
    return fits;
}

void ws_expect_answered(struct ws_peer *peer, const struct ws_probe *probe, const char *what)
{
    struct ws_event event = ws_read(peer);
    char expected[EXPECTED_MAX_BYTES];

    snprintf(expected, sizeof expected, "the error that answers the request \"%s\"", probe->id);
    expect(answers(&event, probe), how_of_end(&event), expected, "%s: %s", what, event.summary);
}

void ws_expect_pong(struct ws_peer *peer, const void *payload, size_t count)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    struct ws_event event = ws_read_any(peer);
    char expected[EXPECTED_MAX_BYTES];

    while ((event.kind == WS_GOT_MESSAGE || event.kind == WS_GOT_FRAGMENT || event.kind == WS_GOT_PING) &&
           now_ns() < deadline_ns)
        event = ws_read_any(peer);
    snprintf(expected, sizeof expected, "a Pong with the %zu bytes of the Ping (RFC 6455 5.5.3)", count);
    expect(event.kind == WS_GOT_PONG && event.count == count && memcmp(event.bytes, payload, count) == 0,
           how_of_end(&event), expected, "%s", event.summary);
}
