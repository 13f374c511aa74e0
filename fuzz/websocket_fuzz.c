/* WebSocket frames, read by both sides: what they mean does not depend on how the bytes were cut, text is UTF-8 to the
 * reader of ref/json too, and memory is for what has come. */
#include "fuzz.h"
#include "json/utf8.h"
#include "websocket/frame.h"

#include <string.h>

enum { MESSAGE_MAX_BYTES = 300, STORY_MAX_BYTES = 64 << 20 }; /* few, so that an input can pass it */

static bool is_utf8(const char *text, size_t bytes)
{
    size_t character = json_utf8_bytes(text, bytes);

    return bytes == 0 || (character > 0 && is_utf8(text + character, bytes - character));
}

static void add_event(struct buffer *story, const struct websocket_decoder *decoder, enum websocket_event event)
{
    if (event != WEBSOCKET_MORE)
        buffer_add_format(story, "\n%d %d", event, decoder->close_code);
    if (event == WEBSOCKET_MORE || event == WEBSOCKET_FAILED)
        return;
    buffer_add(story, decoder->payload, decoder->payload_bytes);
    fuzz_require(decoder->payload_bytes <= MESSAGE_MAX_BYTES, "a message keeps its limit");
    if (event == WEBSOCKET_TEXT || event == WEBSOCKET_CLOSE)
        fuzz_require(is_utf8(decoder->payload, decoder->payload_bytes), "text is UTF-8");
}

/* Adds what the decoder makes of one piece: a copy of just its size, so that a sanitizer sees who reads behind it. */
static void decode_piece(struct websocket_decoder *decoder, const char *bytes, size_t count, struct buffer *story)
{
    char *piece = malloc(count);
    enum websocket_event event = WEBSOCKET_PING;
    size_t consumed;

    memcpy(piece, bytes, count);
    for (size_t at = 0; event != WEBSOCKET_MORE && event != WEBSOCKET_FAILED; at += consumed) {
        event = websocket_decode(decoder, piece + at, count - at, &consumed);
        fuzz_require(event == WEBSOCKET_MORE ? at + consumed == count : consumed <= count - at,
                     "all is taken, or less");
        add_event(story, decoder, event);
    }
    free(piece);
}

/* All of it in pieces of that size, to each side; ends with whether the peer still owes bytes. */
static struct buffer tell(const char *bytes, size_t count, size_t piece_bytes)
{
    struct buffer story = buffer_new(STORY_MAX_BYTES);
    struct websocket_decoder decoder;

    for (int role = WEBSOCKET_SERVER; role <= WEBSOCKET_CLIENT; role++) {
        websocket_begin(&decoder, role, MESSAGE_MAX_BYTES);
        for (size_t at = 0; at < count && decoder.state != WEBSOCKET_HAS_FAILED; at += piece_bytes) {
            decode_piece(&decoder, bytes + at, count - at < piece_bytes ? count - at : piece_bytes, &story);
            fuzz_require(decoder.content.room_bytes <= 2 * (at + piece_bytes) + 256, "memory is for what has come");
        }
        buffer_add_text(&story, websocket_is_reading(&decoder) ? "\nMORE" : "\nDONE");
        websocket_end(&decoder);
    }
    return story;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer whole = tell((const char *)data, size, size);

    for (size_t piece_bytes = 1; piece_bytes <= 4; piece_bytes++) {
        struct buffer cut = tell((const char *)data, size, piece_bytes);

        fuzz_require(!cut.failed && cut.bytes == whole.bytes && memcmp(cut.data, whole.data, cut.bytes) == 0,
                     "the outcome is that of all bytes at once");
        buffer_free(&cut);
    }
    buffer_free(&whole);
    return 0;
}
