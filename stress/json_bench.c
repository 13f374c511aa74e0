/* What the referee's JSON reader costs beside a pass of memchr() over the same bytes:
 *
 *     stress-json_bench
 */
#include "bench.h"
#include "json/json.h"

#include <string.h>

enum { TEXT_BYTES = 8 << 20, TEXT_KIB = TEXT_BYTES >> 10 };

/* Passes over the whole text, whatever the count: it is that of its KiB. */
static void pass(void *context, size_t count)
{
    const struct text *text = context;

    (void)count;
    if (memchr(text->bytes, '\1', text->length))
        bench_fail("the text is not what it should be");
}

static void read_text(void *context, size_t count)
{
    const struct text *text = context;
    const struct json *value = json_read(text->bytes, text->length, NULL);

    (void)count;
    if (!value)
        bench_fail("the text is no JSON");
    json_free(value);
}

/* An array of events as they stand in a session's file. */
static void write_events(struct text *text)
{
    text_add(text, "[");
    for (size_t seq = 1; text->length < TEXT_BYTES - 256; seq++)
        text_addf(text,
                  "%s{\"type\":\"tool.result\",\"ts\":\"2026-01-31T23:59:59.999Z\",\"seq\":%zu,\"ok\":true,"
                  "\"text\":\"caf\xc3\xa9 \\u00e9 \\\"quoted\\\" and some more words\",\"list\":[1,-2.5e3,null,{}]}",
                  seq > 1 ? "," : "", seq);
    text_add(text, "]");
}

int main(void)
{
    struct text text;

    text_init(&text, TEXT_BYTES);
    write_events(&text);
    bench_compare(&(struct bench){"memchr, a KiB of 8 MiB", pass, &text, TEXT_KIB},
                  &(struct bench){"json_read, a KiB of 8 MiB", read_text, &text, TEXT_KIB});
    text_free(&text);
    return 0;
}
