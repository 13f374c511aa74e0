/* The frame decoder: a head of 2 to 14 bytes, judged as each comes, then payload, unmasked where it is to stay. */
#include "websocket/frame.h"

#include <stdint.h>
#include <string.h>

enum { LENGTH_16 = 126, LENGTH_64 = 127 }; /* in place of a length: it follows in so many bits (5.2) */

/* Of the first two bytes. */
enum { FINAL_BIT = 0x80, RESERVED_BITS = 0x70, OPCODE_BITS = 0x0f, MASKED_BIT = 0x80, LENGTH_BITS = 0x7f };

static bool fail(struct websocket_decoder *decoder, int close_code, const char *fault)
{
    buffer_free(&decoder->content);
    decoder->state = WEBSOCKET_HAS_FAILED;
    decoder->close_code = close_code;
    decoder->fault = fault;
    return false;
}

void websocket_begin(struct websocket_decoder *decoder, enum websocket_role role, size_t message_max_bytes)
{
    *decoder = (struct websocket_decoder){.role = role, .content = buffer_new(message_max_bytes)};
}

void websocket_end(struct websocket_decoder *decoder)
{
    buffer_free(&decoder->content);
}

bool websocket_is_reading(const struct websocket_decoder *decoder)
{
    if (decoder->state != WEBSOCKET_IS_OPEN)
        return false;
    return decoder->head_bytes > 0 || decoder->message != WEBSOCKET_OPCODE_CONTINUATION;
}

static bool is_control(const struct websocket_decoder *decoder)
{
    return decoder->opcode >= WEBSOCKET_OPCODE_CLOSE;
}

static bool is_final(const struct websocket_decoder *decoder)
{
    return decoder->head[0] & FINAL_BIT;
}

/* Where the length ends and the mask begins; as long as the second byte has not come, at least behind it. */
static size_t mask_at(const struct websocket_decoder *decoder)
{
    switch (decoder->head[1] & LENGTH_BITS) {
    case LENGTH_16:
        return 2 + 2;
    case LENGTH_64:
        return 2 + 8;
    default:
        return 2;
    }
}

static bool head_is_whole(const struct websocket_decoder *decoder)
{
    size_t mask_bytes = decoder->role == WEBSOCKET_SERVER ? WEBSOCKET_MASK_BYTES : 0;

    return decoder->head_bytes == mask_at(decoder) + mask_bytes;
}

static bool begin_message(struct websocket_decoder *decoder)
{
    if (decoder->message != WEBSOCKET_OPCODE_CONTINUATION)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "new message within a message (RFC 6455 5.4)");
    decoder->message = decoder->opcode;
    return true;
}

static bool read_opcode(struct websocket_decoder *decoder)
{
    decoder->opcode = decoder->head[0] & OPCODE_BITS;
    decoder->frame_taken = 0;
    if (decoder->head[0] & RESERVED_BITS)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "reserved bit, and no extension (RFC 6455 5.2)");
    switch (decoder->opcode) {
    case WEBSOCKET_OPCODE_CONTINUATION:
        if (decoder->message == WEBSOCKET_OPCODE_CONTINUATION)
            return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "continuation of no message (RFC 6455 5.4)");
        return true;
    case WEBSOCKET_OPCODE_TEXT:
    case WEBSOCKET_OPCODE_BINARY:
        return begin_message(decoder);
    case WEBSOCKET_OPCODE_CLOSE:
    case WEBSOCKET_OPCODE_PING:
    case WEBSOCKET_OPCODE_PONG:
        if (!is_final(decoder))
            return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "control frame in fragments (RFC 6455 5.5)");
        return true;
    }
    return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "unknown opcode (RFC 6455 5.2)");
}

static bool read_mask_bit(struct websocket_decoder *decoder)
{
    bool masked = decoder->head[1] & MASKED_BIT;

    if (decoder->role == WEBSOCKET_SERVER && !masked)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "frame of a client without a mask (RFC 6455 5.1)");
    if (decoder->role == WEBSOCKET_CLIENT && masked)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "frame of a server with a mask (RFC 6455 5.1)");
    if (is_control(decoder) && (decoder->head[1] & LENGTH_BITS) > WEBSOCKET_CONTROL_MAX_BYTES)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "control frame of more than 125 bytes (RFC 6455 5.5)");
    return true;
}

/* The length is complete, and nothing was allocated yet. */
static bool read_length(struct websocket_decoder *decoder)
{
    size_t end = mask_at(decoder);
    uint64_t length = end == 2 ? decoder->head[1] & LENGTH_BITS : 0;

    for (size_t i = 2; i < end; i++)
        length = length << 8 | decoder->head[i];
    if (length > INT64_MAX)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "length whose first bit is set (RFC 6455 5.2)");
    if ((end == 4 && length < LENGTH_16) || (end == 10 && length <= UINT16_MAX))
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "length in more bytes than it needs (RFC 6455 5.2)");
    if (!is_control(decoder) && length > decoder->content.max_bytes - decoder->content.bytes)
        return fail(decoder, WEBSOCKET_TOO_BIG, "message over the limit (RFC 6455 10.4)");
    decoder->frame_bytes = (size_t)length;
    return true;
}

/* Each byte is judged when it comes: nobody waits for a mask when the opcode was wrong. */
static bool take_head(struct websocket_decoder *decoder, unsigned char byte)
{
    decoder->head[decoder->head_bytes++] = byte;
    if (decoder->head_bytes == 1)
        return read_opcode(decoder);
    if (decoder->head_bytes == 2 && !read_mask_bit(decoder))
        return false;
    return decoder->head_bytes != mask_at(decoder) || read_length(decoder);
}

/* Bytes of a client's frame, as many as are to follow those that were taken (5.3). */
static void unmask(const struct websocket_decoder *decoder, char *bytes, size_t count)
{
    unsigned char mask[WEBSOCKET_MASK_BYTES];

    for (size_t i = 0; i < sizeof mask; i++)
        mask[i] = decoder->head[mask_at(decoder) + (decoder->frame_taken + i) % sizeof mask];
    for (size_t i = 0; i < count; i++)
        bytes[i] = (char)(bytes[i] ^ mask[i % sizeof mask]);
}

/* Copies bytes to where they are kept. NULL: there is no memory; that it is too much has been refused before. */
static char *keep(struct websocket_decoder *decoder, const char *bytes, size_t count)
{
    if (is_control(decoder))
        return memcpy(decoder->control + decoder->frame_taken, bytes, count);
    if (!buffer_add(&decoder->content, bytes, count))
        return NULL;
    return decoder->content.data + decoder->content.bytes - count;
}

static bool take_payload(struct websocket_decoder *decoder, const char *bytes, size_t count)
{
    char *kept = keep(decoder, bytes, count);

    if (!kept)
        return fail(decoder, WEBSOCKET_NO_MEMORY, "no memory for a message");
    if (decoder->role == WEBSOCKET_SERVER)
        unmask(decoder, kept, count);
    decoder->frame_taken += count;
    if (is_control(decoder) || decoder->message != WEBSOCKET_OPCODE_TEXT)
        return true;
    if (!websocket_utf8_add(&decoder->utf8, kept, count))
        return fail(decoder, WEBSOCKET_NOT_UTF8, "text that is not UTF-8 (RFC 6455 8.1)");
    return true;
}

static enum websocket_event end_message(struct websocket_decoder *decoder)
{
    bool is_text = decoder->message == WEBSOCKET_OPCODE_TEXT;

    if (!is_final(decoder))
        return WEBSOCKET_MORE;
    if (is_text && !websocket_utf8_is_whole(&decoder->utf8)) {
        fail(decoder, WEBSOCKET_NOT_UTF8, "text that ends within a character (RFC 6455 8.1)");
        return WEBSOCKET_FAILED;
    }
    decoder->message = WEBSOCKET_OPCODE_CONTINUATION;
    decoder->payload = decoder->content.data ? decoder->content.data : "";
    decoder->payload_bytes = decoder->content.bytes;
    return is_text ? WEBSOCKET_TEXT : WEBSOCKET_BINARY;
}

/* Codes that a close frame may hold (7.4): those of the standard and, up to 1014, of its registry (11.7), without those
 * that only stand for frames which never came; and those that libraries and applications choose. */
static bool may_be_sent(int code)
{
    if (code == 1004 || code == WEBSOCKET_NO_CODE || code == 1006)
        return false;
    return (code >= 1000 && code <= 1014) || (code >= 3000 && code <= 4999);
}

static bool read_close(struct websocket_decoder *decoder)
{
    const unsigned char *body = (const unsigned char *)decoder->control;
    struct websocket_utf8 utf8 = {0};

    decoder->close_code = WEBSOCKET_NO_CODE;
    if (decoder->payload_bytes == 0)
        return true;
    if (decoder->payload_bytes == 1)
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "close with half a code (RFC 6455 5.5.1)");
    decoder->close_code = body[0] << 8 | body[1];
    decoder->payload += 2;
    decoder->payload_bytes -= 2;
    if (!may_be_sent(decoder->close_code))
        return fail(decoder, WEBSOCKET_PROTOCOL_ERROR, "close with a code that nobody sends (RFC 6455 7.4)");
    if (!websocket_utf8_add(&utf8, decoder->payload, decoder->payload_bytes) || !websocket_utf8_is_whole(&utf8))
        return fail(decoder, WEBSOCKET_NOT_UTF8, "close with a reason that is not UTF-8 (RFC 6455 8.1)");
    return true;
}

static enum websocket_event end_close(struct websocket_decoder *decoder)
{
    if (!read_close(decoder))
        return WEBSOCKET_FAILED;
    buffer_free(&decoder->content);
    decoder->state = WEBSOCKET_IS_CLOSED;
    return WEBSOCKET_CLOSE;
}

static enum websocket_event end_frame(struct websocket_decoder *decoder)
{
    decoder->head_bytes = 0;
    if (!is_control(decoder))
        return end_message(decoder);
    decoder->control[decoder->frame_taken] = '\0';
    decoder->payload = decoder->control;
    decoder->payload_bytes = decoder->frame_taken;
    if (decoder->opcode == WEBSOCKET_OPCODE_CLOSE)
        return end_close(decoder);
    return decoder->opcode == WEBSOCKET_OPCODE_PING ? WEBSOCKET_PING : WEBSOCKET_PONG;
}

/* One byte of a head, or as much of the payload as there is. */
static bool take(struct websocket_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    if (!head_is_whole(decoder)) {
        *consumed += 1;
        return take_head(decoder, (unsigned char)*bytes);
    }
    if (count > decoder->frame_bytes - decoder->frame_taken)
        count = decoder->frame_bytes - decoder->frame_taken;
    *consumed += count;
    return take_payload(decoder, bytes, count);
}

static enum websocket_event decode(struct websocket_decoder *decoder, const char *bytes, size_t count, size_t *consumed)
{
    enum websocket_event event = WEBSOCKET_MORE;

    while (*consumed < count && event == WEBSOCKET_MORE) {
        if (!take(decoder, bytes + *consumed, count - *consumed, consumed))
            return WEBSOCKET_FAILED;
        if (head_is_whole(decoder) && decoder->frame_taken == decoder->frame_bytes)
            event = end_frame(decoder);
    }
    return event;
}

enum websocket_event websocket_decode(struct websocket_decoder *decoder, const char *bytes, size_t count,
                                      size_t *consumed)
{
    *consumed = 0;
    if (decoder->message == WEBSOCKET_OPCODE_CONTINUATION) /* what the last call has shown is not needed any more */
        buffer_free(&decoder->content);
    switch (decoder->state) {
    case WEBSOCKET_IS_OPEN:
        return decode(decoder, bytes, count, consumed);
    case WEBSOCKET_IS_CLOSED:
        *consumed = count;
        return WEBSOCKET_MORE;
    case WEBSOCKET_HAS_FAILED:
        break;
    }
    return WEBSOCKET_FAILED;
}
