/* Reading DEFLATE is no subject here but a means, so zlib does it. */
#include "wire/deflate.h"

#include <string.h>
#include <zlib.h>

enum { RAW = -15, BLOCK_BYTES = 16 << 10, AT_END_OF_BLOCK = 128 }; /* windowBits; of data_type (zlib.h, inflate()) */

/* What was said so far is what a message may refer to. */
static void set_window(z_stream *stream, const struct text *said)
{
    size_t bytes = said->length < DEFLATE_WINDOW_BYTES ? said->length : DEFLATE_WINDOW_BYTES;

    inflateSetDictionary(stream, (const Bytef *)said->bytes + said->length - bytes, (uInt)bytes);
}

/* RFC 7692 7.2.3.4: behind a last block a message may go on with another one. */
static void begin_again(z_stream *stream, const struct text *said)
{
    inflateReset(stream);
    set_window(stream, said);
}

static const char *read_piece(z_stream *stream, const void *bytes, size_t count, struct text *out)
{
    Bytef block[BLOCK_BYTES];

    stream->next_in = (Bytef *)bytes; /* z_const would need a macro of zlib's before each include */
    stream->avail_in = (uInt)count;
    do {
        stream->next_out = block;
        stream->avail_out = sizeof block;
        int result = inflate(stream, Z_SYNC_FLUSH);

        text_add_bytes(out, block, sizeof block - stream->avail_out);
        if (out->cut)
            return "more than is read of a message";
        if (result == Z_STREAM_END)
            begin_again(stream, out);
        else if (result != Z_OK && result != Z_BUF_ERROR)
            return stream->msg ? stream->msg : "compressed data that cannot be read";
    } while (stream->avail_in > 0 || stream->avail_out == 0);
    return NULL;
}

const char *deflate_read(const void *bytes, size_t count, struct text *out)
{
    static const char tail[] = {0, 0, (char)0xff, (char)0xff}; /* that RFC 7692 7.2.2 has the receiver add */
    z_stream stream = {0};

    if (inflateInit2(&stream, RAW) != Z_OK)
        return "no memory to read compressed data";
    set_window(&stream, out);
    const char *fault = read_piece(&stream, bytes, count, out);
    if (!fault)
        fault = read_piece(&stream, tail, sizeof tail, out);
    if (!fault && !(stream.data_type & AT_END_OF_BLOCK))
        fault = "compressed data that ends within a block (RFC 1951 3.2.3)";
    inflateEnd(&stream);
    return fault;
}
