/* DEFLATE with the fixed codes (RFC 1951 3.2.6). */
#include "wire/deflate.h"

#include "wire/deflate_tables.h"

enum { FIXED_BLOCK = 1, STORED_BLOCK = 0 }; /* BTYPE; BFINAL is never set */

static void put_bits(struct deflate *deflate, unsigned value, unsigned count)
{
    deflate->bits |= value << deflate->count;
    deflate->count += count;
    for (; deflate->count >= 8; deflate->count -= 8) {
        char byte = (char)deflate->bits;

        text_add_bytes(deflate->out, &byte, 1);
        deflate->bits >>= 8;
    }
}

/* A code stands with its most significant bit first (3.1.1). */
static void put_code(struct deflate *deflate, unsigned code, unsigned count)
{
    unsigned reversed = 0;

    for (unsigned i = 0; i < count; i++)
        reversed |= (code >> i & 1) << (count - 1 - i);
    put_bits(deflate, reversed, count);
}

static void put_symbol(struct deflate *deflate, unsigned symbol)
{
    if (symbol < 144)
        put_code(deflate, 0x30 + symbol, 8);
    else if (symbol < 256)
        put_code(deflate, 0x190 + symbol - 144, 9);
    else if (symbol < 280)
        put_code(deflate, symbol - 256, 7);
    else
        put_code(deflate, 0xc0 + symbol - 280, 8);
}

void deflate_begin(struct deflate *deflate, struct text *out)
{
    *deflate = (struct deflate){.out = out};
    put_bits(deflate, FIXED_BLOCK << 1, 3);
}

void deflate_literals(struct deflate *deflate, const void *bytes, size_t count)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i < count; i++)
        put_symbol(deflate, at[i]);
}

/* The last row of a table whose base is not above the value. */
static unsigned row_of(const struct deflate_row *table, unsigned rows, unsigned value)
{
    unsigned row = rows - 1;

    while (table[row].base > value)
        row--;
    return row;
}

void deflate_match(struct deflate *deflate, unsigned length, unsigned distance)
{
    unsigned row = row_of(deflate_lengths, DEFLATE_LENGTHS, length);

    put_symbol(deflate, DEFLATE_END + 1 + row);
    put_bits(deflate, length - deflate_lengths[row].base, deflate_lengths[row].extra_bits);
    row = row_of(deflate_distances, DEFLATE_DISTANCES, distance);
    put_code(deflate, row, 5);
    put_bits(deflate, distance - deflate_distances[row].base, deflate_distances[row].extra_bits);
}

void deflate_end(struct deflate *deflate)
{
    put_symbol(deflate, DEFLATE_END);
    put_bits(deflate, STORED_BLOCK << 1, 3);
    if (deflate->count > 0)
        put_bits(deflate, 0, 8 - deflate->count);
}

void deflate_stored(struct text *out, const void *bytes, size_t count)
{
    const char *at = bytes;

    while (count > 0) {
        unsigned block = count < DEFLATE_LITERALS_MAX_BYTES ? (unsigned)count : DEFLATE_LITERALS_MAX_BYTES;
        const char head[] = {STORED_BLOCK << 1, (char)block, (char)(block >> 8), (char)~block, (char)(~block >> 8)};

        text_add_bytes(out, head, sizeof head);
        text_add_bytes(out, at, block);
        at += block;
        count -= block;
    }
    text_add_bytes(out, "", 1); /* the beginning of the block that is left out */
}
