/* What plays of a WebSocket server are made of (tests/hostile_server.h), and a case's target for them. */
#ifndef ASSAY_TESTS_WS_PLAYS_H
#define ASSAY_TESTS_WS_PLAYS_H

#include "target/manifest.h"
#include "tests/server_case_fixture.h"
#include "wire/ws_frame.h"
#include "wire/ws_handshake.h"
#include "ws/expect.h"

static inline void *case_target(const struct sockaddr_in *address)
{
    static struct ws_target target;
    static const char *const none[] = {NULL};

    target = (struct ws_target){.address.socket_bytes = sizeof *address,
                                .host = "test",
                                .path = "/ws",
                                .fields = "X-Key: k\r\n",
                                .origins = none};
    memcpy(&target.address.socket, address, sizeof *address);
    return &target;
}

/* --- the handshake --- */

/* Reads the head, and the key in it. */
static inline void take_head(int client, char key[WS_KEY_BYTES])
{
    char head[8192] = "";
    size_t held = 0;

    while (held < sizeof head - 1 && recv(client, head + held, 1, 0) == 1 && !strstr(head, "\r\n\r\n"))
        held++;
    const char *field = strstr(head, "Sec-WebSocket-Key: ");
    snprintf(key, WS_KEY_BYTES, "%s", field ? field + strlen("Sec-WebSocket-Key: ") : "");
}

static inline void answer_101(int client, const char *more)
{
    char key[WS_KEY_BYTES], accept[WS_ACCEPT_BYTES], response[1024];

    take_head(client, key);
    ws_handshake_accept(key, accept);
    snprintf(response, sizeof response,
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
             "Sec-WebSocket-Accept: %s\r\n%s\r\n",
             accept, more);
    hostile_send(client, response);
}

/* --- frames --- */

static inline void play_frame(int client, const struct ws_frame *frame)
{
    struct text bytes;

    text_init(&bytes, 4 << 20);
    ws_frame_write(frame, &bytes);
    if (send(client, bytes.bytes, bytes.length, MSG_NOSIGNAL) < 0)
        shutdown(client, SHUT_RDWR);
    text_free(&bytes);
}

static inline void play_say(int client, unsigned opcode, const char *payload)
{
    play_frame(client, &(struct ws_frame){
                           .opcode = opcode, .unmasked = true, .payload = payload, .payload_bytes = strlen(payload)});
}

static inline bool take_bytes(int client, void *bytes, size_t count)
{
    return count == 0 || recv(client, bytes, count, MSG_WAITALL) == (ssize_t)count;
}

/* Reads one masked frame with a payload of less than 64 KiB. Returns its first byte; 0: there is none any more. */
static inline unsigned take_frame(int client, char payload[1 << 16])
{
    unsigned char head[4], key[4];
    size_t length;

    if (!take_bytes(client, head, 2) || !(head[1] & 0x80))
        return 0;
    length = head[1] & 0x7f;
    if (length == 126 && !take_bytes(client, head + 2, 2))
        return 0;
    if (length == 126)
        length = (size_t)head[2] << 8 | head[3];
    if (length > 65535 || !take_bytes(client, key, 4) || !take_bytes(client, payload, length))
        return 0;
    for (size_t i = 0; i < length; i++)
        payload[i] = (char)(payload[i] ^ key[i % 4]);
    payload[length] = '\0';
    return head[0];
}

#endif
