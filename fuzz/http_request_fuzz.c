/* Requests, any number of them: what they mean does not depend on how the bytes were cut on their way. */
#include "base/buffer.h"
#include "fuzz.h"
#include "http/request.h"

#include <string.h>

enum { BODY_MAX_BYTES = 4096, STORY_MAX_BYTES = 64 << 20 };

static void add_head(struct buffer *story, const struct http_request *request)
{
    buffer_add_format(story, "\nHEAD %s %s ?%s @%s 1.%d %d%d%d %ju", request->method, request->path,
                      request->query ? request->query : "", request->host ? request->host : "", request->minor,
                      request->close, request->expect_continue, request->chunked, (uintmax_t)request->content_length);
    for (size_t i = 0; i < request->field_count; i++)
        buffer_add_format(story, "\n%s: %s", request->fields[i].name, request->fields[i].value);
    buffer_add_text(story, "\nBODY ");
}

/* Adds what the decoder makes of one piece, up to its end or a refusal. The piece is a copy of just its size, so that
 * a sanitizer sees who reads behind the end. Bodies come in pieces of any size, so only their bytes are told. */
static void decode_piece(struct http_decoder *decoder, const char *bytes, size_t count, struct buffer *story)
{
    char *piece = malloc(count);
    enum http_event event = HTTP_BODY;
    size_t consumed;

    memcpy(piece, bytes, count);
    for (size_t at = 0; event != HTTP_MORE && event != HTTP_REFUSED; at += consumed) {
        event = http_decode(decoder, piece + at, count - at, &consumed);
        fuzz_require(consumed <= count - at, "no more is taken than there is");
        fuzz_require(event != HTTP_MORE || at + consumed == count, "who needs more has taken all");
        if (event == HTTP_HEAD)
            add_head(story, http_request(decoder));
        if (event == HTTP_BODY)
            buffer_add(story, decoder->body, decoder->body_count);
        if (event == HTTP_END)
            buffer_add_text(story, "\nEND");
        if (event == HTTP_REFUSED)
            buffer_add_format(story, "\nREFUSED %d", decoder->refusal.status);
    }
    free(piece);
}

/* All of it in pieces of that size; ends with whether the peer still owes bytes. */
static struct buffer tell(const char *bytes, size_t count, size_t piece_bytes)
{
    struct buffer story = buffer_new(STORY_MAX_BYTES);
    struct http_decoder decoder;

    http_begin(&decoder, BODY_MAX_BYTES);
    for (size_t at = 0; at < count && decoder.state != HTTP_FAILED; at += piece_bytes)
        decode_piece(&decoder, bytes + at, count - at < piece_bytes ? count - at : piece_bytes, &story);
    buffer_add_text(&story, http_is_reading(&decoder) ? "\nMORE" : "\nDONE");
    http_end(&decoder);
    return story;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const size_t piece_bytes[] = {1, 2, 7};
    struct buffer whole = tell((const char *)data, size, size);

    for (size_t i = 0; i < sizeof piece_bytes / sizeof *piece_bytes; i++) {
        struct buffer cut = tell((const char *)data, size, piece_bytes[i]);

        fuzz_require(!cut.failed && strcmp(cut.data, whole.data) == 0, "the outcome is that of all bytes at once");
        buffer_free(&cut);
    }
    buffer_free(&whole);
    return 0;
}
