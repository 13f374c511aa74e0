/* Frames from their parts, and parts from frames. */
#include "wire/ws_frame.h"

#include "base/utf8.h"

#include <string.h>

enum { FIN = 0x80, RSV1 = 4, MASK = 0x80, LENGTH_16 = 126, LENGTH_64 = 127, CONTROL = 8 };

/* --- writing --- */

/* The length is written into `bits`, in network byte order behind the marker. */
static void add_length(struct text *out, unsigned char mask, uint64_t length, unsigned bits)
{
    unsigned char bytes[9];
    unsigned char marker = bits == 16 ? LENGTH_16 : bits == 64 ? LENGTH_64 : (unsigned char)(length & 0x7f);
    size_t count = bits == 16 ? 2 : bits == 64 ? 8 : 0;

    bytes[0] = mask | marker;
    for (size_t i = 0; i < count; i++)
        bytes[1 + i] = (unsigned char)(length >> 8 * (count - 1 - i));
    text_add_bytes(out, bytes, 1 + count);
}

static unsigned least_bits(uint64_t length)
{
    return length < LENGTH_16 ? 7 : length <= UINT16_MAX ? 16 : 64;
}

static void add_masked(struct text *out, const char *payload, size_t count, const char *key)
{
    char block[4096];

    for (size_t at = 0; at < count; at += sizeof block) {
        size_t length = count - at < sizeof block ? count - at : sizeof block;

        for (size_t i = 0; i < length; i++)
            block[i] = (char)(payload[at + i] ^ key[i % 4]); /* a block is a multiple of the key */
        text_add_bytes(out, block, length);
    }
}

void ws_frame_write(const struct ws_frame *frame, struct text *out)
{
    static const char our_key[4] = "\x61\x73\xf1\x0d";
    const char *key = frame->key ? frame->key : our_key;
    uint64_t length = frame->declares ? frame->declared_bytes : frame->payload_bytes;
    char first = (char)((frame->more ? 0 : FIN) | (frame->rsv & 7) << 4 | (frame->opcode & 15));

    text_add_bytes(out, &first, 1);
    add_length(out, frame->unmasked ? 0 : MASK, length, frame->length_bits ? frame->length_bits : least_bits(length));
    if (frame->unmasked) {
        text_add_bytes(out, frame->payload, frame->payload_bytes);
        return;
    }
    text_add_bytes(out, key, 4);
    add_masked(out, frame->payload, frame->payload_bytes, key);
}

size_t ws_frame_close(unsigned code, const char *reason, char out[WS_CONTROL_MAX_BYTES])
{
    size_t count = strnlen(reason, WS_CONTROL_MAX_BYTES - 2);

    out[0] = (char)(code >> 8);
    out[1] = (char)code;
    memcpy(out + 2, reason, count);
    return 2 + count;
}

/* --- reading --- */

void ws_reader_init(struct ws_reader *reader)
{
    memset(reader, 0, sizeof *reader);
    text_init(&reader->message, WS_MESSAGE_MAX_BYTES);
}

void ws_reader_free(struct ws_reader *reader)
{
    text_free(&reader->message);
}

void ws_reader_next(struct ws_reader *reader)
{
    if (reader->progress != WS_WHOLE)
        return;
    if (reader->ends)
        text_clear(&reader->message);
    reader->progress = WS_READING;
    reader->ends = reader->started = false;
    reader->header_held = 0;
}

/* NULL, so that a caller may return it. */
static const char *fault(struct ws_reader *reader, const char *text)
{
    reader->progress = WS_MALFORMED;
    reader->fault = text;
    return NULL;
}

static bool is_control(const struct ws_reader *reader)
{
    return reader->opcode & CONTROL;
}

static bool is_utf8(const char *bytes, size_t count)
{
    uint32_t unused;

    while (count > 0) {
        size_t length = utf8_decode(bytes, count, &unused);

        if (length == 0)
            return false;
        bytes += length;
        count -= length;
    }
    return true;
}

/* RFC 6455 7.4, and what IANA has registered since. */
static bool close_code_is_legal(unsigned code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

/* The first two bytes: what kind of frame may stand here (RFC 6455 5.2, 5.4, 5.5). */
static const char *opening_fault(const struct ws_reader *reader, unsigned rsv, unsigned length)
{
    unsigned opcode = reader->opcode;
    bool may_begin_deflated = reader->deflate && (opcode == WS_TEXT || opcode == WS_BINARY);

    if (rsv & ~(unsigned)(may_begin_deflated ? RSV1 : 0))
        return reader->deflate ? "an RSV bit where it means nothing (RFC 6455 5.2, RFC 7692 6.1)"
                               : "an RSV bit, though no extension was negotiated (RFC 6455 5.2)";
    if (opcode > WS_PONG || (opcode > WS_BINARY && opcode < WS_CLOSE))
        return "a reserved opcode (RFC 6455 5.2)";
    if (is_control(reader) && !reader->fin)
        return "a control frame in fragments (RFC 6455 5.5)";
    if (is_control(reader) && length > WS_CONTROL_MAX_BYTES)
        return "a control frame of more than 125 bytes (RFC 6455 5.5)";
    if (is_control(reader))
        return NULL;
    if (reader->closed)
        return "data behind a Close (RFC 6455 5.5.1)";
    if (opcode == WS_CONTINUATION && !reader->in_message)
        return "a continuation of no message (RFC 6455 5.4)";
    if (opcode != WS_CONTINUATION && reader->in_message)
        return "a new message before the last one is at its end (RFC 6455 5.4)";
    return NULL;
}

static void take_opening(struct ws_reader *reader)
{
    reader->fin = reader->header[0] & FIN;
    reader->rsv1 = reader->header[0] & RSV1 << 4;
    reader->opcode = reader->header[0] & 15;
    const char *wrong = reader->header[1] & MASK ? "a masked frame from the server (RFC 6455 5.1)"
                                                 : opening_fault(reader, reader->header[0] >> 4 & 7, reader->header[1]);
    if (wrong)
        fault(reader, wrong);
}

static size_t header_bytes(const struct ws_reader *reader)
{
    return reader->header_held < 2 ? 2 : reader->header[1] == LENGTH_16 ? 4 : reader->header[1] == LENGTH_64 ? 10 : 2;
}

static void begin_message(struct ws_reader *reader)
{
    if (is_control(reader))
        return;
    if (reader->opcode != WS_CONTINUATION) {
        text_clear(&reader->message);
        reader->message_opcode = reader->opcode;
        reader->message_deflated = reader->rsv1;
        reader->fragments = 0;
    }
    reader->in_message = true;
    reader->fragments++;
}

/* The header is complete: how long the payload is (RFC 6455 5.2). */
static void take_length(struct ws_reader *reader)
{
    uint64_t length = reader->header[1];
    unsigned bits = length == LENGTH_16 ? 16 : length == LENGTH_64 ? 64 : 7;

    if (bits > 7)
        length = 0;
    for (size_t i = 2; i < reader->header_held; i++)
        length = length << 8 | reader->header[i];
    if (length >> 63) {
        fault(reader, "a length whose most significant bit is set (RFC 6455 5.2)");
    } else if (bits != least_bits(length)) {
        fault(reader, "a length that is not written in the least number of bytes (RFC 6455 5.2)");
    } else if (!is_control(reader) &&
               length > WS_MESSAGE_MAX_BYTES - (reader->in_message ? reader->message.length : 0)) {
        fault(reader, "a message of more than 32 MiB, which is more than assay reads");
    } else {
        reader->left_bytes = length;
        reader->control_bytes = 0;
        begin_message(reader);
    }
}

/* A Close that is whole (RFC 6455 5.5.1, 7.4). */
static void take_close(struct ws_reader *reader)
{
    const unsigned char *payload = (const unsigned char *)reader->control;

    reader->closed = true;
    reader->close_code = 0;
    if (reader->control_bytes == 0)
        return;
    if (reader->control_bytes == 1) {
        fault(reader, "a Close with a single byte (RFC 6455 5.5.1)");
        return;
    }
    reader->close_code = (unsigned)payload[0] << 8 | payload[1];
    if (!close_code_is_legal(reader->close_code))
        fault(reader, "a Close with a code that is not to be sent (RFC 6455 7.4)");
    else if (!is_utf8(reader->control + 2, reader->control_bytes - 2))
        fault(reader, "a Close whose reason is not UTF-8 (RFC 6455 5.5.1)");
}

static void take_end(struct ws_reader *reader)
{
    const struct text *message = &reader->message;

    reader->progress = WS_WHOLE;
    reader->control[reader->control_bytes] = '\0';
    if (reader->opcode == WS_CLOSE)
        take_close(reader);
    if (is_control(reader) || !reader->fin)
        return;
    reader->in_message = false;
    reader->ends = true;
    if (reader->message_opcode == WS_TEXT && !reader->message_deflated && !is_utf8(message->bytes, message->length))
        fault(reader, "a text that is not UTF-8 (RFC 6455 8.1)");
}

static size_t feed_header(struct ws_reader *reader, const char *bytes, size_t count)
{
    size_t taken = 0;

    while (taken < count && reader->progress == WS_READING && reader->header_held < header_bytes(reader)) {
        reader->header[reader->header_held++] = (unsigned char)bytes[taken++];
        reader->started = true;
        if (reader->header_held == 2)
            take_opening(reader);
        if (reader->progress == WS_READING && reader->header_held >= 2 && reader->header_held == header_bytes(reader))
            take_length(reader);
    }
    return taken;
}

static size_t feed_payload(struct ws_reader *reader, const char *bytes, size_t count)
{
    size_t taken = reader->left_bytes < count ? (size_t)reader->left_bytes : count;

    if (is_control(reader)) {
        memcpy(reader->control + reader->control_bytes, bytes, taken);
        reader->control_bytes += taken;
    } else {
        text_add_bytes(&reader->message, bytes, taken);
    }
    reader->left_bytes -= taken;
    return taken;
}

size_t ws_reader_feed(struct ws_reader *reader, const char *bytes, size_t count)
{
    size_t taken = reader->progress == WS_READING ? feed_header(reader, bytes, count) : 0;

    if (reader->progress != WS_READING || reader->header_held < header_bytes(reader))
        return taken;
    taken += feed_payload(reader, bytes + taken, count - taken);
    if (reader->left_bytes == 0)
        take_end(reader);
    return taken;
}
