/* DEFLATE with the fixed codes (RFC 1951 3.2.6). */
#include "wire/deflate.h"

enum { FIXED_BLOCK = 1, STORED_BLOCK = 0 }; /* BTYPE; BFINAL is never set */
enum { LENGTHS = 29, DISTANCES = 30, END = 256 };

/* A code means `base`, and as much more as the bits behind it say (3.2.5). */
struct row {
    unsigned short base;
    unsigned char extra_bits;
};

static const struct row lengths[LENGTHS] = {
    {3, 0},  {4, 0},  {5, 0},  {6, 0},   {7, 0},   {8, 0},   {9, 0},   {10, 0},  {11, 1},  {13, 1},
    {15, 1}, {17, 1}, {19, 2}, {23, 2},  {27, 2},  {31, 2},  {35, 3},  {43, 3},  {51, 3},  {59, 3},
    {67, 4}, {83, 4}, {99, 4}, {115, 4}, {131, 5}, {163, 5}, {195, 5}, {227, 5}, {258, 0},
};

static const struct row distances[DISTANCES] = {
    {1, 0},     {2, 0},     {3, 0},     {4, 0},      {5, 1},      {7, 1},      {9, 2},     {13, 2},
    {17, 3},    {25, 3},    {33, 4},    {49, 4},     {65, 5},     {97, 5},     {129, 6},   {193, 6},
    {257, 7},   {385, 7},   {513, 8},   {769, 8},    {1025, 9},   {1537, 9},   {2049, 10}, {3073, 10},
    {4097, 11}, {6145, 11}, {8193, 12}, {12289, 12}, {16385, 13}, {24577, 13},
};

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
static unsigned row_of(const struct row *table, unsigned rows, unsigned value)
{
    unsigned row = rows - 1;

    while (table[row].base > value)
        row--;
    return row;
}

void deflate_match(struct deflate *deflate, unsigned length, unsigned distance)
{
    unsigned row = row_of(lengths, LENGTHS, length);

    put_symbol(deflate, END + 1 + row);
    put_bits(deflate, length - lengths[row].base, lengths[row].extra_bits);
    row = row_of(distances, DISTANCES, distance);
    put_code(deflate, row, 5);
    put_bits(deflate, distance - distances[row].base, distances[row].extra_bits);
}

void deflate_end(struct deflate *deflate)
{
    put_symbol(deflate, END);
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
