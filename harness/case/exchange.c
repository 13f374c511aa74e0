/* Lines of text in two halves: where one is full the other is begun anew, so that the last part is always kept. */
#include "case/exchange.h"

#include "base/clock.h"
#include "case/state.h"

#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>

enum {
    HALF_BYTES = EXCHANGE_KEPT_BYTES / 2,
    LINE_MAX_BYTES = 10 << 10, /* a byte that is not shown as it is takes four: \x01 */
    HEAD_MAX_BYTES = 512,
};

struct half {
    size_t length;
    size_t lines;
    char bytes[HALF_BYTES];
};

struct exchange {
    size_t dropped; /* lines */
    unsigned current;
    struct half halves[2];
};

/* Pages that nobody writes to cost nothing. */
struct exchange *exchange_create(void)
{
    void *memory = mmap(NULL, sizeof(struct exchange), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    return memory == MAP_FAILED ? NULL : memory;
}

/* The length comes last: a worker that is killed in between leaves no half a line. */
static void keep(struct exchange *exchange, const struct text *line)
{
    struct half *half = &exchange->halves[exchange->current];

    if (half->length + line->length > HALF_BYTES) {
        half = &exchange->halves[!exchange->current];
        exchange->dropped += half->lines;
        half->length = half->lines = 0;
        exchange->current = !exchange->current;
    }
    memcpy(half->bytes + half->length, line->bytes, line->length);
    half->lines++;
    half->length += line->length;
}

static struct exchange *the_exchange(void)
{
    return case_context() ? case_context()->exchange : NULL;
}

static struct text begin_line(const char *whom)
{
    struct text line;

    text_init(&line, LINE_MAX_BYTES);
    text_addf(&line, "%12.3f ms  %-14s ", (double)(clock_ns() - case_context()->start_ns) / 1e6, whom);
    return line;
}

/* One that is too long has lost its end, and the next one would be glued to it. */
static void end_line(struct text *line)
{
    if (line->length == LINE_MAX_BYTES)
        line->length--;
    text_add(line, "\n");
    keep(the_exchange(), line);
    text_free(line);
}

static void add_bytes(const char *whom, char direction, const void *bytes, size_t count)
{
    if (!the_exchange())
        return;
    struct text line = begin_line(whom);
    text_addf(&line, "%c %zu byte%s: ", direction, count, count == 1 ? "" : "s");
    text_add_visible(&line, bytes, count, EXCHANGE_SHOWN_BYTES);
    end_line(&line);
}

void exchange_to(const char *whom, const void *bytes, size_t count)
{
    add_bytes(whom, '>', bytes, count);
}

void exchange_from(const char *whom, const void *bytes, size_t count)
{
    add_bytes(whom, '<', bytes, count);
}

void exchange_note(const char *whom, const char *format, ...)
{
    va_list arguments;

    if (!the_exchange())
        return;
    struct text line = begin_line(whom);
    va_start(arguments, format);
    text_add(&line, "- ");
    text_vaddf(&line, format, arguments);
    va_end(arguments);
    end_line(&line);
}

struct text exchange_text(const struct exchange *exchange)
{
    const struct half *older = &exchange->halves[!exchange->current], *newer = &exchange->halves[exchange->current];
    struct text text;

    text_init(&text, EXCHANGE_KEPT_BYTES + HEAD_MAX_BYTES);
    if (!newer->length)
        return text;
    text_add(&text,
             "What went to the target (>), came from it (<) or happened else (-), since the case began, as assay "
             "wrote and read it.\n");
    if (exchange->dropped)
        text_addf(&text, "%zu earlier lines are left out.\n", exchange->dropped);
    text_add_bytes(&text, older->bytes, older->length);
    text_add_bytes(&text, newer->bytes, newer->length);
    return text;
}
