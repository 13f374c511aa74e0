/* text_add_visible(): bytes of a hostile program, shown so that neither a terminal nor a reader is deceived. */
#include "base/text.h"
#include "base/utf8.h"

#include <string.h>

/* Characters that a terminal acts upon, that show nothing, or that change the order of what stands around them. */
static const struct range {
    uint32_t first;
    uint32_t last;
} hidden[] = {
    {0x0000, 0x001F},    /* C0 controls */
    {0x007F, 0x009F},    /* DEL and the C1 controls */
    {0x00AD, 0x00AD},    /* soft hyphen */
    {0x061C, 0x061C},    /* Arabic letter mark */
    {0x180E, 0x180E},    /* Mongolian vowel separator */
    {0x200B, 0x200F},    /* zero widths, direction marks */
    {0x2028, 0x202E},    /* line and paragraph separators, direction overrides */
    {0x2060, 0x206F},    /* invisible operators, direction isolates */
    {0xE000, 0xF8FF},    /* private use */
    {0xFEFF, 0xFEFF},    /* byte order mark */
    {0xFFF0, 0xFFFF},    /* specials and noncharacters */
    {0xE0000, 0x10FFFF}, /* tags, private use planes */
};

static bool is_printable(uint32_t code_point)
{
    for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
        if (code_point >= hidden[i].first && code_point <= hidden[i].last)
            return false;
    return true;
}

static void add_escaped(struct text *text, uint32_t code_point)
{
    static const char names[][2] = {{'\n', 'n'}, {'\r', 'r'}, {'\t', 't'}, {'\x1b', 'e'}};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (code_point == (unsigned char)names[i][0]) {
            text_addf(text, "\\%c", names[i][1]);
            return;
        }
    }
    if (code_point < 0x80)
        text_addf(text, "\\x%02x", (unsigned)code_point);
    else
        text_addf(text, "\\u{%x}", (unsigned)code_point);
}

/* Adds what stands at the front of the bytes, and returns how many of them that was. */
static size_t add_one(struct text *text, const char *bytes, size_t count)
{
    uint32_t code_point;
    size_t taken = utf8_decode(bytes, count, &code_point);

    if (taken == 0) {
        text_addf(text, "\\x%02x", (unsigned char)*bytes);
        return 1;
    }
    if (!is_printable(code_point))
        add_escaped(text, code_point);
    else
        text_add_bytes(text, bytes, taken);
    return taken;
}

void text_add_visible(struct text *text, const void *bytes, size_t count, size_t max_shown)
{
    const char *at = bytes;
    const char *end = at + count;
    size_t shown = 0;
    uint32_t unused;

    while (at < end && shown < max_shown) {
        /* A character that crosses the limit is left out whole: half of one would read as damage. */
        size_t length = utf8_decode(at, (size_t)(end - at), &unused);

        if (shown + length > max_shown)
            break;
        size_t taken = add_one(text, at, (size_t)(end - at));
        at += taken;
        shown += taken;
    }
    if (at < end)
        text_addf(text, "… (%zu more bytes)", (size_t)(end - at));
}
