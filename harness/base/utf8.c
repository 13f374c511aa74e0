/* Decodes and encodes one code point, by the table of RFC 3629. */
#include "base/utf8.h"

/* The table of RFC 3629 section 3: what the first byte looks like, and the least code point that needs that length.
 * Whoever encodes a smaller one has written an overlong form. */
static const struct form {
    unsigned char mask;
    unsigned char lead;
    uint32_t least;
} forms[UTF8_BYTES_MAX] = {
    {0x80, 0x00, 0x0},
    {0xE0, 0xC0, 0x80},
    {0xF0, 0xE0, 0x800},
    {0xF8, 0xF0, 0x10000},
};

size_t utf8_decode(const char *bytes, size_t count, uint32_t *code_point)
{
    if (count == 0)
        return 0;
    unsigned char lead = (unsigned char)bytes[0];
    size_t length = 1;
    while (length <= UTF8_BYTES_MAX && (lead & forms[length - 1].mask) != forms[length - 1].lead)
        length++;
    if (length > UTF8_BYTES_MAX || length > count)
        return 0;

    uint32_t value = lead & (unsigned char)~forms[length - 1].mask;
    for (size_t i = 1; i < length; i++) {
        unsigned char next = (unsigned char)bytes[i];

        if ((next & 0xC0) != 0x80)
            return 0;
        value = value << 6 | (next & 0x3F);
    }
    if (value < forms[length - 1].least || value > UTF8_CODE_POINT_MAX || (value >= 0xD800 && value <= 0xDFFF))
        return 0;
    *code_point = value;
    return length;
}

size_t utf8_encode(uint32_t code_point, char out[UTF8_BYTES_MAX])
{
    size_t length = 1;

    while (length < UTF8_BYTES_MAX && code_point >= forms[length].least)
        length++;
    for (size_t i = length; i > 1; i--) {
        out[i - 1] = (char)(0x80 | (code_point & 0x3F));
        code_point >>= 6;
    }
    out[0] = (char)(forms[length - 1].lead | code_point);
    return length;
}
