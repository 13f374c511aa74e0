/* Frames into bytes. */
#include "websocket/write.h"

#include <stdint.h>
#include <string.h>

static size_t put_number(unsigned char *out, uint64_t number, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)(number >> 8 * (bytes - 1 - i));
    return bytes;
}

/* The two first bytes and the length, without the mask; says how many bytes that are. */
static size_t put_head(unsigned char *head, enum websocket_opcode opcode, bool masked, size_t bytes)
{
    unsigned char mask_bit = masked ? 0x80 : 0;

    head[0] = (unsigned char)(0x80 | opcode);
    head[1] = (unsigned char)(mask_bit | bytes);
    if (bytes < 126)
        return 2;
    head[1] = mask_bit | (bytes <= UINT16_MAX ? 126 : 127);
    return 2 + put_number(head + 2, bytes, bytes <= UINT16_MAX ? 2 : 8);
}

void websocket_add_frame(struct buffer *out, enum websocket_opcode opcode, const unsigned char *mask,
                         const void *payload, size_t bytes)
{
    unsigned char head[WEBSOCKET_HEAD_MAX_BYTES];

    buffer_add(out, head, put_head(head, opcode, mask != NULL, bytes));
    if (mask)
        buffer_add(out, mask, WEBSOCKET_MASK_BYTES);
    if (!buffer_add(out, payload, bytes) || !mask)
        return;
    for (size_t i = 0; i < bytes; i++) {
        char *byte = out->data + out->bytes - bytes + i;

        *byte = (char)(*byte ^ mask[i % WEBSOCKET_MASK_BYTES]);
    }
}

/* As much of the reason as a close frame holds. */
static size_t reason_bytes(const char *reason)
{
    size_t bytes = strlen(reason);

    if (bytes <= WEBSOCKET_REASON_MAX_BYTES)
        return bytes;
    bytes = WEBSOCKET_REASON_MAX_BYTES;
    while (bytes > 0 && ((unsigned char)reason[bytes] & 0xc0) == 0x80) /* it continues a character */
        bytes--;
    return bytes;
}

void websocket_add_close(struct buffer *out, const unsigned char *mask, int code, const char *reason)
{
    unsigned char body[WEBSOCKET_CONTROL_MAX_BYTES];
    size_t bytes = 0;

    if (code != WEBSOCKET_NO_CODE) {
        bytes = put_number(body, (uint64_t)code, 2);
        memcpy(body + bytes, reason, reason_bytes(reason));
        bytes += reason_bytes(reason);
    }
    websocket_add_frame(out, WEBSOCKET_OPCODE_CLOSE, mask, body, bytes);
}
