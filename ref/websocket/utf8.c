/* UTF-8, byte by byte; no byte is kept, only what the next one may be. */
#include "websocket/utf8.h"

/* The first byte of a character. It narrows what the second may be where overlong forms, surrogates and numbers above
 * U+10FFFF would begin (the table of RFC 3629 4). */
static bool begin_character(struct websocket_utf8 *utf8, unsigned char byte)
{
    *utf8 = (struct websocket_utf8){.low = 0x80, .high = 0xbf};
    if (byte < 0x80)
        return true;
    if (byte < 0xc2 || byte > 0xf4)
        return false;
    utf8->left = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3;
    if (byte == 0xe0)
        utf8->low = 0xa0;
    else if (byte == 0xed)
        utf8->high = 0x9f;
    else if (byte == 0xf0)
        utf8->low = 0x90;
    else if (byte == 0xf4)
        utf8->high = 0x8f;
    return true;
}

static bool continue_character(struct websocket_utf8 *utf8, unsigned char byte)
{
    if (byte < utf8->low || byte > utf8->high)
        return false;
    *utf8 = (struct websocket_utf8){.left = (unsigned char)(utf8->left - 1), .low = 0x80, .high = 0xbf};
    return true;
}

bool websocket_utf8_add(struct websocket_utf8 *utf8, const char *bytes, size_t count)
{
    bool taken = true;

    for (size_t i = 0; i < count && taken; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        taken = utf8->left > 0 ? continue_character(utf8, byte) : begin_character(utf8, byte);
    }
    return taken;
}

bool websocket_utf8_is_whole(const struct websocket_utf8 *utf8)
{
    return utf8->left == 0;
}
