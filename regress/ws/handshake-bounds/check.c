/* A handshake has an end, in bytes and in fields, and whoever does not come to it costs the others nothing. */
#include "check.h"
#include "base/text.h"
#include "ws/expect.h"

#include <string.h>

enum {
    MANY_FIELDS = 2000,
    HEAD_BYTES = 16 << 10,
    ENDLESS_BYTES = 20 << 20,
    GATE_BYTES = 4 << 20,
    PIECE_BYTES = 4096,
    CPU_MS = 1000,
    HEADER_MS = 60000,
    CLIENTS = 8,
    GROWTH_BYTES = 16 << 20,
    WAITING = 20,
};

/* So many pieces behind each other, `before` in front. */
static void repeat(struct text *text, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        text_add(text, piece);
}

/* Any answer but none: a server may have a higher limit, and open. The key may be one of the room's. */
static void expect_settled(struct ws_opening opening)
{
    expect(opening.status == 101 || opening.closed || (opening.status >= 400 && opening.status < 500),
           opening.status || opening.closed ? WRONG : HANG, "101, an error 4xx, or the end of the connection", "%s",
           opening.summary);
}

static void expect_head_is_settled(struct ws_target *server, const char *head, size_t count)
{
    struct ws_peer *peer = ws_connect(server);

    ws_send_bytes(peer, head, count);
    expect_settled(ws_read_opening(peer));
    ws_hang_up(peer);
}

/* CVE-2024-37890: more fields than are kept, Upgrade among those that are not, and its value is asked for all the same.
 */
static void many_fields_before_the_upgrade_do_no_harm(void **state)
{
    static const size_t counts[] = {100, 101, 200, 999, 1000, 1001, MANY_FIELDS};
    struct ws_target *server = *state;

    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        struct text head;

        text_init(&head, HEAD_BYTES);
        text_addf(&head, "GET %s HTTP/1.1\r\nHost: %s\r\n%s", server->path, server->host, server->fields);
        repeat(&head, "A:b\r\n", counts[i]);
        text_add(&head, "Upgrade: websocket\r\nConnection: Upgrade\r\n");
        text_add(&head, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
        expect_head_is_settled(server, head.bytes, head.length);
        text_free(&head);
    }
    ws_expect_alive(server);
}

/* The fields of the handshake themselves, many times. */
static void many_of_its_own_fields_do_no_harm(void **state)
{
    static const char *const lines[] = {"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
                                        "Sec-WebSocket-Version: 12\r\n",
                                        "Connection: keep-alive\r\n",
                                        "Upgrade: h2c\r\n",
                                        "Sec-WebSocket-Extensions: x\r\n",
                                        "Sec-WebSocket-Protocol: x\r\n"};

    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct text fields;

        text_init(&fields, HEAD_BYTES);
        repeat(&fields, lines[i], 80);
        struct ws_peer *peer = ws_knock(*state, &(struct ws_dialling){.request = {.fields = fields.bytes}});
        expect_settled(ws_read_opening(peer));
        ws_hang_up(peer);
        text_free(&fields);
    }
    ws_expect_alive(*state);
}

/* So much time for a head that no end comes of it. */
static struct ws_target *patient_server(void **state)
{
    ws_restart_with_limit(*state, "http.header_ms", HEADER_MS);
    return *state;
}

/* A head that is begun so, and goes on in such pieces. */
static struct ws_peer *flood(struct ws_target *server, const char *begun, const char *piece, size_t bytes)
{
    struct ws_peer *peer = ws_connect(server);
    struct text text;

    text_init(&text, 2 * PIECE_BYTES);
    text_addf(&text, "GET %s HTTP/1.1\r\nHost: %s\r\n%s", server->path, server->host, begun);
    ws_send_bytes(peer, text.bytes, text.length);
    text_clear(&text);
    repeat(&text, piece, PIECE_BYTES / strlen(piece));
    ws_flood(peer, text.bytes, text.length, bytes / text.length);
    text_free(&text);
    return peer;
}

static void expect_refused(struct ws_peer *peer)
{
    struct ws_opening opening = ws_read_opening(peer);

    expect(opening.closed || (opening.status >= 400 && opening.status < 500), opening.status ? WRONG : HANG,
           "an error 4xx, or the end of the connection", "%s", opening.summary);
    ws_hang_up(peer);
}

/* Refused or cut off for what has come, and not because time is over. */
static void a_head_without_end_is_refused(void **state)
{
    struct ws_target *server = patient_server(state);

    expect_refused(flood(server, "", "X-Endless: abcdefg\r\n", long_run() ? ENDLESS_BYTES : GATE_BYTES));
    ws_expect_alive(server);
}

/* The same as one field, and as a key. */
static void so_is_a_field_without_end(void **state)
{
    static const char *const begun[] = {"X-Endless: ", "Sec-WebSocket-Key: ", "Sec-WebSocket-Protocol: "};
    struct ws_target *server = patient_server(state);

    for (size_t i = 0; i < sizeof begun / sizeof *begun; i++)
        expect_refused(flood(server, begun[i], "a", GATE_BYTES));
    ws_expect_alive(server);
}

/* What is refused costs neither memory nor processor time, though nobody has left. */
static void it_costs_neither_memory_nor_time(void **state)
{
    struct ws_target *server = *state;

    flood(server, "", "X-Endless: abcdefg\r\n", GATE_BYTES / 4);
    ws_expect_alive(server);
    struct procfs_usage before = ws_usage(server);
    for (int i = 0; i < CLIENTS; i++)
        flood(server, i % 2 ? "X-Endless: " : "", i % 2 ? "a" : "X-Endless: abcdefg\r\n", GATE_BYTES);
    ws_expect_alive(server);
    struct procfs_usage after = ws_usage(server);
    expect(after.resident_bytes - before.resident_bytes < GROWTH_BYTES, LEAK, "less than 16 MiB more",
           "%lld bytes more after %d heads without end", (long long)(after.resident_bytes - before.resident_bytes),
           (int)CLIENTS);
    expect(after.cpu_ms - before.cpu_ms < scaled_ms(CPU_MS), HANG, "less than a second of processor time",
           "%lld ms for %d heads without end", (long long)(after.cpu_ms - before.cpu_ms), (int)CLIENTS);
}

/* Lists of thousands of members, within the limits of a head: quadratic matching shows (CVE-2021-32640). */
static void long_lists_cost_no_time(void **state)
{
    struct ws_target *server = *state;
    struct text list;
    struct procfs_usage before = ws_usage(server);

    text_init(&list, HEAD_BYTES);
    repeat(&list, "a,", 3000);
    text_add(&list, "a");
    const struct ws_request requests[] = {
        {.protocols = list.bytes}, {.extensions = list.bytes}, {.connection = list.bytes}};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        struct ws_peer *peer = ws_knock(server, &(struct ws_dialling){.request = requests[i]});
        struct ws_opening opening = ws_read_opening(peer);

        expect(opening.status || opening.closed, HANG, "an answer, or the end of the connection", "%s",
               opening.summary);
        ws_hang_up(peer);
    }
    text_free(&list);
    int64_t cpu_ms = ws_usage(server).cpu_ms - before.cpu_ms;
    expect(cpu_ms < scaled_ms(CPU_MS), HANG, "less than a second of processor time", "%lld ms", (long long)cpu_ms);
    ws_expect_alive(server);
}

/* Clients that have begun a handshake and say no more: others are served. */
static void unfinished_ones_hold_nobody_up(void **state)
{
    static const char *const begun[] = {"G", "GET /", "GET / HTTP/1.1\r\n",
                                        "GET / HTTP/1.1\r\nUpgrade: websocket\r\nSec-Web"};
    struct ws_target *server = *state;

    for (int i = 0; i < WAITING; i++)
        ws_send_bytes(ws_connect(server), begun[i % 4], strlen(begun[i % 4]));
    ws_expect_alive(server);
    for (int i = 0; i < WAITING; i++) {
        struct ws_peer *peer = ws_connect(server);

        ws_send_bytes(peer, begun[i % 4], strlen(begun[i % 4]));
        ws_reset(peer);
    }
    ws_expect_alive(server);
}

/* Thirty fields are what a browser and a proxy send. */
static void a_head_with_thirty_fields_is_let_in(void **state)
{
    struct text fields;

    text_init(&fields, HEAD_BYTES);
    repeat(&fields, "X-Thirty: 0123456789\r\n", 30);
    ws_expect_open(ws_dial_as(*state, &(struct ws_dialling){.request = {.fields = fields.bytes}}));
    text_free(&fields);
}

static void a_short_head_is_let_in(void **state)
{
    ws_expect_open(ws_dial(*state));
}

const struct check check = {
    .title = "A handshake without end is refused, and costs the others nothing",
    .level = MUST,
    .tags = {"security"},
    .origins = {"CVE-2024-37890", "CVE-2023-43669", "CVE-2021-32640", "RFC 6585 5", "CWE-770"},
    .cases =
        {
            CASE(many_fields_before_the_upgrade_do_no_harm),
            CASE(many_of_its_own_fields_do_no_harm),
            CASE(a_head_without_end_is_refused),
            CASE(so_is_a_field_without_end),
            MEASURE(it_costs_neither_memory_nor_time),
            MEASURE(long_lists_cost_no_time),
            CASE(unfinished_ones_hold_nobody_up),
            CASE(a_head_with_thirty_fields_is_let_in, .level = SHOULD),
            CONTROL(a_short_head_is_let_in),
        },
};
