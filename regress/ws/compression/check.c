/* permessage-deflate: agreed to only when it is offered rightly; and where it is, its bit stands where it may, a bomb
 * costs what its message may cost, and both sides remember what was said. */
#include "check.h"
#include "json/json.h"
#include "wire/deflate.h"
#include "ws/expect.h"
#include "ws/framing.h"

#include <stdio.h>
#include <string.h>

#define OFFER "permessage-deflate"
#define BIT "RFC 7692 6.1: \"An endpoint receiving such a frame MUST _Fail the WebSocket Connection_.\""
#define DATA "RFC 7692 7.2.2, RFC 6455 7.1.7: what cannot be decompressed is no message"

enum {
    RSV1 = 4,
    HISTORY_MAX_BYTES = 8 << 20,
    MESSAGE_MAX_BYTES = 4 << 20,
    LIMIT_BYTES = 1 << 20,
    BOMB_BYTES = 128 << 20, /* compressed it is within the limit */
    GROWTH_BYTES = 32 << 20,
};

/* A connection on which messages may be compressed, and what both sides have said in such, as far as the window goes.
 */
struct squeezed {
    struct ws_peer *peer;
    struct text sent, heard;
    bool keeps_sent, keeps_heard; /* context takeover */
};

static bool lists_parameter(const char *extensions, const char *name)
{
    return strstr(extensions, name);
}

/* Dials with that offer. NA where the target does not agree to it. */
static struct squeezed dial(struct ws_target *server, const char *offer)
{
    struct squeezed squeezed = {.peer = ws_knock(server, &(struct ws_dialling){.request = {.extensions = offer}})};
    struct ws_opening opening = ws_read_opening(squeezed.peer);
    const char *agreed = ws_opening_field(&opening, "Sec-WebSocket-Extensions");

    expect(opening.open, opening.status ? WRONG : HANG, "101 Switching Protocols", "%s", opening.summary);
    if (!agreed)
        not_applicable("the server does not negotiate permessage-deflate");
    squeezed.keeps_sent = !lists_parameter(agreed, "client_no_context_takeover");
    squeezed.keeps_heard = !lists_parameter(agreed, "server_no_context_takeover");
    text_init(&squeezed.sent, HISTORY_MAX_BYTES);
    text_init(&squeezed.heard, HISTORY_MAX_BYTES);
    return squeezed;
}

static void forget(struct squeezed *squeezed)
{
    text_free(&squeezed->sent);
    text_free(&squeezed->heard);
    ws_hang_up(squeezed->peer);
}

/* Compresses a text as far as what was sent before can serve: from there it is one reference, or a few. */
static void compress(struct squeezed *squeezed, const char *bytes, size_t count, struct text *out)
{
    struct deflate deflate;
    size_t at = 0;

    deflate_begin(&deflate, out);
    while (at < count) {
        size_t length = count - at < DEFLATE_MATCH_MAX_BYTES ? count - at : DEFLATE_MATCH_MAX_BYTES;
        const char *same = NULL;

        for (; length >= 3 && squeezed->keeps_sent && !same; length -= same ? 0 : 1)
            same = memmem(squeezed->sent.bytes, squeezed->sent.length, bytes + at, length);
        size_t distance = same ? (size_t)(squeezed->sent.bytes + squeezed->sent.length - same) : 0;
        if (same && distance <= DEFLATE_WINDOW_BYTES)
            deflate_match(&deflate, (unsigned)length, (unsigned)distance);
        else
            deflate_literals(&deflate, bytes + at, length = 1);
        text_add_bytes(&squeezed->sent, bytes + at, length);
        at += length;
    }
    deflate_end(&deflate);
}

static void send_compressed(struct squeezed *squeezed, const char *bytes, size_t count)
{
    struct text out;

    text_init(&out, MESSAGE_MAX_BYTES);
    compress(squeezed, bytes, count, &out);
    ws_send_frame(
        squeezed->peer,
        &(struct ws_frame){.opcode = WS_TEXT, .rsv = RSV1, .payload = out.bytes, .payload_bytes = out.length});
    text_free(&out);
}

/* The next message holds that string, compressed or not. */
static void expect_heard(struct squeezed *squeezed, const char *string, const char *what)
{
    struct ws_event event = ws_read(squeezed->peer);
    struct text *heard = &squeezed->heard;
    size_t before = squeezed->keeps_heard ? heard->length : 0;

    expect(event.kind == WS_GOT_MESSAGE, event.kind == WS_SILENCE ? HANG : WRONG, "an answer", "%s: %s", what,
           event.summary);
    if (!squeezed->keeps_heard)
        text_clear(heard);
    const char *fault = event.deflated ? deflate_read(event.bytes, event.count, heard) : NULL;
    expect(!fault, WRONG, "a message that can be decompressed (RFC 7692 7.2.2)", "%s: %s", what, fault ? fault : "");
    const char *said = event.deflated ? heard->bytes + before : event.bytes;
    expect(strstr(said, string), WRONG, "an answer that holds the id", "%s: \"%.300s\" without \"%s\"", what, said,
           string);
}

/* Requests that any server answers before it is initialized, too, by an error if by nothing else. */
static struct squeezed begin(struct ws_target *server)
{
    struct squeezed squeezed = dial(server, OFFER);
    char request[512];

    snprintf(request, sizeof request,
             "{\"jsonrpc\":\"2.0\",\"id\":\"first\",\"method\":\"%s\",\"params\":{\"%s\":1,\"%s\":{}}}",
             ws_method(server, WS_INITIALIZE), ws_member(server, WS_PROTOCOL_VERSION),
             ws_member(server, WS_CLIENT_CAPABILITIES));
    ws_send_text(squeezed.peer, "%s", request);
    expect_heard(&squeezed, "\"first\"", "initialize, as it is");
    return squeezed;
}

static void ask_compressed(struct squeezed *squeezed, size_t bytes, const char *what)
{
    struct ws_probe probe = ws_make_probe(bytes);

    send_compressed(squeezed, probe.text, probe.bytes);
    expect_heard(squeezed, probe.id, what);
}

/* RFC 6455 9.1: "the server MUST NOT" use what was not asked for; a 101 that does FAILs here. */
static void nothing_is_agreed_to_that_was_not_offered(void **state)
{
    static const char *const offers[] = {NULL, "x-webkit-deflate-frame", "deflate", "permessage-deflates",
                                         "x-permessage-deflate"};

    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        struct ws_peer *peer = ws_dial_as(*state, &(struct ws_dialling){.request = {.extensions = offers[i]}});

        ws_expect_open(peer);
        ws_hang_up(peer);
    }
}

/* RFC 7692 7.1: a server MUST decline an offer with a parameter that is unknown, has a value that it may not have, or
 * comes twice. */
static void an_offer_that_is_none_is_declined(void **state)
{
    static const char *const offers[] = {
        OFFER "; assay_unknown",
        OFFER "; server_max_window_bits=7",
        OFFER "; server_max_window_bits=16",
        OFFER "; server_max_window_bits=x",
        OFFER "; server_max_window_bits",
        OFFER "; client_max_window_bits=99",
        OFFER "; server_no_context_takeover=1",
        OFFER "; server_no_context_takeover; server_no_context_takeover",
    };

    for (size_t i = 0; i < sizeof offers / sizeof *offers; i++) {
        struct ws_peer *peer = ws_knock(*state, &(struct ws_dialling){.request = {.extensions = offers[i]}});
        struct ws_opening opening = ws_read_opening(peer);

        expect(opening.status || opening.closed, HANG, "an answer", "%s", opening.summary);
        const char *agreed = opening.open ? ws_opening_field(&opening, "Sec-WebSocket-Extensions") : NULL;
        expect(!agreed, WRONG, "an offer that is declined", "\"%s\" was agreed to by \"%s\"", offers[i],
               agreed ? agreed : "");
        ws_hang_up(peer);
    }
}

static void expect_failed_by(struct ws_target *server, const struct ws_frame *frames, size_t count, const char *what)
{
    struct squeezed squeezed = begin(server);

    for (size_t i = 0; i < count; i++)
        ws_send_frame(squeezed.peer, &frames[i]);
    ws_send_probe(squeezed.peer);
    ws_expect_failing(squeezed.peer, "1002", what, BIT);
    forget(&squeezed);
    ws_expect_alive(server);
}

static void the_bit_on_a_control_frame_fails(void **state)
{
    static const struct ws_frame ping = {.opcode = WS_PING, .rsv = RSV1, .payload = "p", .payload_bytes = 1};
    static const struct ws_frame close = {.opcode = WS_CLOSE, .rsv = RSV1, .payload = "\x03\xe8", .payload_bytes = 2};

    expect_failed_by(*state, &ping, 1, "a Ping with RSV1");
    expect_failed_by(*state, &close, 1, "a Close with RSV1");
}

static void the_bit_on_a_continuation_fails(void **state)
{
    static const struct ws_frame plain[] = {{.opcode = WS_TEXT, .more = true, .payload = "{", .payload_bytes = 1},
                                            {.rsv = RSV1, .payload = "\x00", .payload_bytes = 1}};
    static const struct ws_frame packed[] = {
        {.opcode = WS_TEXT, .more = true, .rsv = RSV1, .payload = "\xf2\x48\xcd", .payload_bytes = 3},
        {.rsv = RSV1, .payload = "\xc9\xc9\x07\x00", .payload_bytes = 4}};

    expect_failed_by(*state, plain, 2, "RSV1 on a continuation of a text that is as it is");
    expect_failed_by(*state, packed, 2, "RSV1 on a continuation of a compressed text");
}

static void other_bits_fail_still(void **state)
{
    static const struct ws_frame frame = {.opcode = WS_TEXT, .rsv = 2, .payload = "{}", .payload_bytes = 2};

    expect_failed_by(*state, &frame, 1, "a text with RSV2");
}

/* In fragments of all sizes, also empty ones, with a Ping within. */
static void a_ping_within_a_compressed_message_is_answered(void **state)
{
    struct squeezed squeezed = begin(*state);

    for (size_t each = 1; each < 60; each += 7) {
        struct ws_probe probe = ws_make_probe(150);
        struct text out;

        text_init(&out, MESSAGE_MAX_BYTES);
        compress(&squeezed, probe.text, probe.bytes, &out);
        ws_send_frame(squeezed.peer, &(struct ws_frame){.opcode = WS_TEXT, .more = true, .rsv = RSV1});
        for (size_t at = 0; at < out.length; at += each)
            ws_send_frame(squeezed.peer,
                          &(struct ws_frame){.more = true,
                                             .payload = out.bytes + at,
                                             .payload_bytes = out.length - at < each ? out.length - at : each});
        ws_send_frame(squeezed.peer, &(struct ws_frame){.opcode = WS_PING, .payload = "within", .payload_bytes = 6});
        ws_expect_pong(squeezed.peer, "within", 6);
        ws_send_frame(squeezed.peer, &(struct ws_frame){.opcode = WS_CONTINUATION});
        text_free(&out);
        expect_heard(&squeezed, probe.id, "a compressed request in fragments");
    }
    forget(&squeezed);
}

/* Each refers to what was said before it, in both directions; where that was agreed not to be, it is not done. */
static void what_was_said_is_remembered(void **state)
{
    struct squeezed squeezed = begin(*state);

    for (int i = 0; i < 20; i++)
        ask_compressed(&squeezed, 100 + 61 * (size_t)i, "a request that refers to those before it");
    forget(&squeezed);
}

/* Messages as they are, and stored ones that compression would not make shorter, between compressed ones: the first are
 * no part of the window, and the others are (RFC 7692 7.2.3.2). */
static void messages_of_all_kinds_may_follow_each_other(void **state)
{
    struct squeezed squeezed = begin(*state);
    struct text out;

    text_init(&out, MESSAGE_MAX_BYTES);
    for (int i = 0; i < 5; i++) {
        ask_compressed(&squeezed, 200, "a compressed request");
        struct ws_probe probe = ws_send_probe(squeezed.peer);
        expect_heard(&squeezed, probe.id, "a request as it is");
        probe = ws_make_probe(300);
        text_clear(&out);
        deflate_stored(&out, probe.text, probe.bytes);
        text_add_bytes(&squeezed.sent, probe.text, probe.bytes);
        ws_send_frame(
            squeezed.peer,
            &(struct ws_frame){.opcode = WS_TEXT, .rsv = RSV1, .payload = out.bytes, .payload_bytes = out.length});
        expect_heard(&squeezed, probe.id, "a stored request");
    }
    text_free(&out);
    forget(&squeezed);
}

/* A window that was asked to be small, or not to be kept, is kept so, or the offer declined. */
static void what_the_client_asks_of_the_window_is_kept(void **state)
{
    struct squeezed squeezed = dial(*state, OFFER "; server_no_context_takeover; client_no_context_takeover");

    expect(!squeezed.keeps_heard, WRONG, "server_no_context_takeover in the answer (RFC 7692 7.1.1.1)", "not in it");
    for (int i = 0; i < 3; i++)
        ask_compressed(&squeezed, 300, "a request of a connection that keeps nothing");
    forget(&squeezed);
}

static void what_cannot_be_decompressed_fails(void **state)
{
    static const struct {
        const char *bytes;
        size_t count;
        const char *what;
    } broken[] = {{"\x06\x00", 2, "a block of no kind"},
                  {"\x00\x05\x00\x00\x00", 5, "a stored block whose lengths differ"},
                  {"\x02\x02\x00", 3, "a distance to before the beginning"}};

    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct squeezed squeezed = dial(*state, OFFER);

        ws_send_frame(squeezed.peer, &(struct ws_frame){.opcode = WS_TEXT,
                                                        .rsv = RSV1,
                                                        .payload = broken[i].bytes,
                                                        .payload_bytes = broken[i].count});
        ws_send_probe(squeezed.peer);
        ws_expect_failing(squeezed.peer, "1002 1007", broken[i].what, DATA);
        forget(&squeezed);
    }
    ws_expect_alive(*state);
}

/* The payload of a message that says so many bytes, in a hundred and fiftieth of them. */
static void make_bomb(struct text *out, size_t bytes)
{
    struct deflate deflate;

    deflate_begin(&deflate, out);
    deflate_literals(&deflate, "{", 1);
    for (size_t said = 1; said < bytes; said += DEFLATE_MATCH_MAX_BYTES)
        deflate_match(&deflate, DEFLATE_MATCH_MAX_BYTES, 1);
    deflate_end(&deflate);
}

/* The most that is in use until the server has answered. */
static int64_t most_in_use(struct ws_target *server, struct ws_peer *peer)
{
    int64_t end_ns = deadline_after(WS_WAIT_MS), most_bytes = 0;

    do {
        int64_t bytes = ws_usage(server).resident_bytes;

        most_bytes = bytes > most_bytes ? bytes : most_bytes;
    } while (!ws_pause(peer, 1) && now_ns() < end_ns);
    return most_bytes;
}

/* The limit of a message holds for what it says, and whoever decompresses it stops there. */
static void a_bomb_is_too_much(void **state)
{
    struct ws_target *server = *state;
    struct squeezed squeezed = dial(server, OFFER);
    struct text bomb;

    forget(&squeezed);
    ws_restart_with_limit(server, "ws.message_bytes", LIMIT_BYTES);
    squeezed = dial(server, OFFER);
    int64_t before_bytes = ws_usage(server).resident_bytes;
    text_init(&bomb, MESSAGE_MAX_BYTES);
    make_bomb(&bomb, BOMB_BYTES);
    ws_send_frame(
        squeezed.peer,
        &(struct ws_frame){.opcode = WS_TEXT, .rsv = RSV1, .payload = bomb.bytes, .payload_bytes = bomb.length});
    int64_t growth = most_in_use(server, squeezed.peer) - before_bytes;
    ws_expect_failing(squeezed.peer, "1009 1007", "a bomb", "RFC 6455 10.4, RFC 7692 8");
    expect(growth < GROWTH_BYTES, LEAK, "less than 32 MiB more", "%lld bytes more for a bomb of %zu bytes",
           (long long)growth, bomb.length);
    text_free(&bomb);
    forget(&squeezed);
    ws_expect_alive(server);
}

static void an_offer_does_no_harm(void **state)
{
    ws_expect_open(
        ws_dial_as(*state, &(struct ws_dialling){.request = {.extensions = OFFER "; client_max_window_bits"}}));
}

const struct check check = {
    .title = "Compression is agreed to only when it is offered, and costs what a message may cost",
    .level = MUST,
    .tags = {"security"},
    .origins = {"RFC 7692 6.1", "RFC 7692 7.1", "RFC 7692 7.2", "RFC 6455 9.1", "RFC 6455 10.4", "CWE-409"},
    .cases =
        {
            CASE(nothing_is_agreed_to_that_was_not_offered),
            CASE(an_offer_that_is_none_is_declined),
            CASE(the_bit_on_a_control_frame_fails),
            CASE(the_bit_on_a_continuation_fails),
            CASE(other_bits_fail_still),
            CASE(a_ping_within_a_compressed_message_is_answered),
            CASE(what_was_said_is_remembered),
            CASE(messages_of_all_kinds_may_follow_each_other),
            CASE(what_the_client_asks_of_the_window_is_kept),
            CASE(what_cannot_be_decompressed_fails),
            MEASURE(a_bomb_is_too_much),
            CONTROL(an_offer_does_no_harm),
        },
};
