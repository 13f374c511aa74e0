/* DEFLATE, all three kinds of blocks (RFC 1951 3.2). Codes are decoded bit by bit, by how many codes of each length
 * there are: slow, and short. */
#include "wire/deflate.h"

#include "wire/deflate_tables.h"

#include <string.h>

enum {
    CODE_BITS_MAX = 15,
    SYMBOLS_MAX = 288,
    LENGTH_CODES_MAX = 19,
    LITERALS_MAX = 286, /* of a dynamic block */
    TAIL_BYTES = 4,     /* that RFC 7692 7.2.2 has the receiver add */
};

struct reader {
    const unsigned char *bytes;
    size_t count; /* with the tail */
    size_t at_bit;
    struct text *out;
    const char *fault;
};

/* A canonical Huffman code: how many codes there are of each length, and the symbols in their order. */
struct code {
    unsigned short counts[CODE_BITS_MAX + 1];
    unsigned short symbols[SYMBOLS_MAX];
};

static unsigned fail(struct reader *reader, const char *fault)
{
    if (!reader->fault)
        reader->fault = fault;
    return 0;
}

static unsigned take_bit(struct reader *reader)
{
    static const unsigned char tail[TAIL_BYTES] = {0, 0, 0xff, 0xff};
    size_t byte = reader->at_bit / 8;

    if (byte >= reader->count)
        return fail(reader, "compressed data that ends within a block (RFC 1951 3.2.3)");
    unsigned char value =
        byte < reader->count - TAIL_BYTES ? reader->bytes[byte] : tail[byte - (reader->count - TAIL_BYTES)];
    return value >> reader->at_bit++ % 8 & 1;
}

static unsigned take_bits(struct reader *reader, unsigned count)
{
    unsigned value = 0;

    for (unsigned i = 0; i < count; i++)
        value |= take_bit(reader) << i;
    return value;
}

static void make_code(struct code *code, const unsigned char *lengths, unsigned symbols)
{
    unsigned short next[CODE_BITS_MAX + 2] = {0};

    *code = (struct code){.counts = {0}};
    for (unsigned i = 0; i < symbols; i++)
        code->counts[lengths[i]]++;
    code->counts[0] = 0;
    for (unsigned bits = 1; bits <= CODE_BITS_MAX; bits++)
        next[bits + 1] = (unsigned short)(next[bits] + code->counts[bits]);
    for (unsigned i = 0; i < symbols; i++)
        if (lengths[i] > 0)
            code->symbols[next[lengths[i]]++] = (unsigned short)i;
}

static unsigned take_symbol(struct reader *reader, const struct code *code)
{
    int value = 0, first = 0, index = 0;

    for (unsigned bits = 1; bits <= CODE_BITS_MAX && !reader->fault; bits++) {
        value |= (int)take_bit(reader);
        int count = code->counts[bits];
        if (value - first < count)
            return code->symbols[index + value - first];
        index += count;
        first = (first + count) << 1;
        value <<= 1;
    }
    return fail(reader, "a code that stands for nothing (RFC 1951 3.2.2)");
}

static void copy_match(struct reader *reader, unsigned length, unsigned distance)
{
    struct text *out = reader->out;

    if (distance > out->length) {
        fail(reader, "a distance to before the beginning (RFC 1951 3.2.5, RFC 7692 7.1.1)");
        return;
    }
    for (unsigned i = 0; i < length && !out->cut; i++) {
        char byte = out->bytes[out->length - distance];

        text_add_bytes(out, &byte, 1);
    }
}

static void read_codes(struct reader *reader, const struct code *literals, const struct code *distances)
{
    for (unsigned symbol = take_symbol(reader, literals); !reader->fault && symbol != DEFLATE_END;
         symbol = take_symbol(reader, literals)) {
        if (symbol < DEFLATE_END) {
            char byte = (char)symbol;

            text_add_bytes(reader->out, &byte, 1);
        } else if (symbol - DEFLATE_END - 1 >= DEFLATE_LENGTHS) {
            fail(reader, "a length that means nothing (RFC 1951 3.2.5)");
        } else {
            const struct deflate_row *row = &deflate_lengths[symbol - DEFLATE_END - 1];
            unsigned length = row->base + take_bits(reader, row->extra_bits);
            unsigned distance = take_symbol(reader, distances);

            if (distance >= DEFLATE_DISTANCES) {
                fail(reader, "a distance that means nothing (RFC 1951 3.2.5)");
                return;
            }
            row = &deflate_distances[distance];
            copy_match(reader, length, row->base + take_bits(reader, row->extra_bits));
        }
        if (reader->out->cut)
            fail(reader, "more than assay reads");
    }
}

static void read_fixed(struct reader *reader)
{
    unsigned char lengths[SYMBOLS_MAX];
    struct code literals, distances;

    for (unsigned i = 0; i < SYMBOLS_MAX; i++)
        lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
    make_code(&literals, lengths, SYMBOLS_MAX);
    memset(lengths, 5, DEFLATE_DISTANCES);
    make_code(&distances, lengths, DEFLATE_DISTANCES);
    read_codes(reader, &literals, &distances);
}

/* The lengths of all codes, run-length coded (3.2.7). */
static void read_lengths(struct reader *reader, const struct code *code, unsigned char *lengths, unsigned count)
{
    unsigned at = 0;

    while (at < count && !reader->fault) {
        unsigned symbol = take_symbol(reader, code), times = 1, length = symbol;

        if (symbol == 16) {
            length = at > 0 ? lengths[at - 1] : fail(reader, "nothing to repeat (RFC 1951 3.2.7)");
            times = 3 + take_bits(reader, 2);
        } else if (symbol > 16) {
            length = 0;
            times = symbol == 17 ? 3 + take_bits(reader, 3) : 11 + take_bits(reader, 7);
        }
        if (times > count - at)
            times = fail(reader, "more lengths than codes (RFC 1951 3.2.7)");
        memset(lengths + at, (int)length, times);
        at += times;
    }
}

static void read_dynamic(struct reader *reader)
{
    static const unsigned char order[] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
    unsigned char lengths[SYMBOLS_MAX + 32] = {0};
    unsigned literal_count = 257 + take_bits(reader, 5);
    unsigned distance_count = 1 + take_bits(reader, 5);
    unsigned length_count = 4 + take_bits(reader, 4);
    struct code code, distances;

    if (literal_count > LITERALS_MAX)
        fail(reader, "too many codes (RFC 1951 3.2.7)");
    for (unsigned i = 0; i < length_count; i++)
        lengths[order[i]] = (unsigned char)take_bits(reader, 3);
    make_code(&code, lengths, LENGTH_CODES_MAX);
    memset(lengths, 0, sizeof lengths);
    read_lengths(reader, &code, lengths, literal_count + distance_count);
    if (reader->fault)
        return;
    make_code(&code, lengths, literal_count);
    make_code(&distances, lengths + literal_count, distance_count);
    read_codes(reader, &code, &distances);
}

static void read_stored(struct reader *reader)
{
    reader->at_bit = (reader->at_bit + 7) / 8 * 8;
    unsigned count = take_bits(reader, 16);

    if (take_bits(reader, 16) != (~count & 0xffff))
        fail(reader, "a stored block whose lengths differ (RFC 1951 3.2.4)");
    for (unsigned i = 0; i < count && !reader->fault; i++) {
        char byte = (char)take_bits(reader, 8);

        text_add_bytes(reader->out, &byte, 1);
    }
    if (reader->out->cut)
        fail(reader, "more than assay reads");
}

const char *deflate_read(const void *bytes, size_t count, struct text *out)
{
    struct reader reader = {.bytes = bytes, .count = count + TAIL_BYTES, .out = out};

    while (!reader.fault && (reader.at_bit + 7) / 8 < reader.count) {
        bool is_final = take_bit(&reader);

        switch (take_bits(&reader, 2)) {
        case 0:
            read_stored(&reader);
            break;
        case 1:
            read_fixed(&reader);
            break;
        case 2:
            read_dynamic(&reader);
            break;
        default:
            fail(&reader, "a block of no kind (RFC 1951 3.2.3)");
        }
        if (is_final) /* another block may follow all the same, from the next byte on (RFC 7692 7.2.3.4) */
            reader.at_bit = (reader.at_bit + 7) / 8 * 8;
    }
    return reader.fault;
}
