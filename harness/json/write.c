/* The writer of json/json.h. Commas are the only state: an opening bracket and a key are followed by none. */
#include "base/utf8.h"
#include "json/json.h"

#include <inttypes.h>
#include <string.h>

struct json_writer json_write(struct text *out)
{
    return (struct json_writer){.out = out, .comma = false};
}

static void before_value(struct json_writer *writer)
{
    if (writer->comma)
        text_add_bytes(writer->out, ",", 1);
    writer->comma = true;
}

void json_open(struct json_writer *writer, char bracket)
{
    before_value(writer);
    text_add_bytes(writer->out, &bracket, 1);
    writer->comma = false;
}

void json_close(struct json_writer *writer, char bracket)
{
    text_add_bytes(writer->out, &bracket, 1);
    writer->comma = true;
}

/* Quotation mark, reverse solidus and the controls must be escaped (RFC 8259 7); no other character needs to be. */
static void add_escaped(struct text *out, char byte)
{
    static const char letters[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                      {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};

    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (byte == letters[i][0]) {
            text_addf(out, "\\%c", letters[i][1]);
            return;
        }
    }
    text_addf(out, "\\u%04x", (unsigned char)byte);
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

static void add_quoted(struct text *out, const char *bytes, size_t count)
{
    size_t at = 0;
    uint32_t unused;

    text_add_bytes(out, "\"", 1);
    while (at < count) {
        size_t run = 0;

        while (at + run < count && is_plain((unsigned char)bytes[at + run]))
            run++;
        text_add_bytes(out, bytes + at, run);
        at += run;
        if (at == count)
            break;
        size_t sequence = utf8_decode(bytes + at, count - at, &unused);
        if (sequence == 1)
            add_escaped(out, bytes[at]);
        else if (sequence == 0)
            text_add(out, "\xEF\xBF\xBD"); /* U+FFFD, one for every byte that belongs to no character */
        else
            text_add_bytes(out, bytes + at, sequence);
        at += sequence > 0 ? sequence : 1;
    }
    text_add_bytes(out, "\"", 1);
}

void json_key(struct json_writer *writer, const char *name)
{
    json_string_bytes(writer, name, strlen(name));
    text_add_bytes(writer->out, ":", 1);
    writer->comma = false;
}

void json_string(struct json_writer *writer, const char *string)
{
    if (string)
        json_string_bytes(writer, string, strlen(string));
    else
        json_raw(writer, "null", 4);
}

void json_string_bytes(struct json_writer *writer, const char *bytes, size_t count)
{
    before_value(writer);
    add_quoted(writer->out, bytes, count);
}

void json_integer(struct json_writer *writer, int64_t number)
{
    before_value(writer);
    text_addf(writer->out, "%" PRId64, number);
}

void json_bool(struct json_writer *writer, bool value)
{
    json_raw(writer, value ? "true" : "false", value ? 4 : 5);
}

void json_raw(struct json_writer *writer, const char *json, size_t bytes)
{
    before_value(writer);
    text_add_bytes(writer->out, json, bytes);
}

void json_member(struct json_writer *writer, const char *name, const char *string)
{
    json_key(writer, name);
    json_string(writer, string);
}

void json_member_integer(struct json_writer *writer, const char *name, int64_t number)
{
    json_key(writer, name);
    json_integer(writer, number);
}
