/* The judge of histories against a rule that needs no judge: of three appends that were acknowledged one after the
 * other as 1, 2 and 3, and a fourth whose outcome nobody knows, the file shows the first three in that order, maybe the
 * fourth behind them, and nothing else. The input is the file, as a hostile store would leave it. */
#include "fuzz.h"
#include "history/history.h"
#include "json/json.h"

#include <string.h>

enum { ACKNOWLEDGED_EVENTS = 3, EVENTS = 4, WHY_MAX_BYTES = 1 << 16 };

static const char sid[] = "0123456789abcdef0123456789abcdef";

/* With a name to be found by, without one, with a number that no double holds, and the one that may be missing. */
static const char *const events[EVENTS] = {
    "{\"type\":\"a\",\"text\":\"x \\u00e4\"}",
    "{\"type\":\"b\",\"list\":[1,{\"c\":null}]}",
    "{\"type\":\"c\",\"text\":\"y\",\"n\":9007199254740993}",
    "{\"type\":\"d\",\"text\":\"z\"}",
};

static struct history *make_history(void)
{
    struct history *history = history_create();

    for (unsigned i = 0; i < EVENTS; i++) {
        struct history_append append = {
            .sid = sid,
            .client = i,
            .invoked_ns = 1000 * i,
            .ended_ns = 1000 * i + 500,
            .outcome = i < ACKNOWLEDGED_EVENTS ? ACKNOWLEDGED : UNKNOWN,
            .seq = i + 1,
            .event = events[i],
            .event_bytes = strlen(events[i]),
        };

        history_add_append(history, &append);
    }
    return history;
}

static bool is_line_of(const char *line, size_t bytes, size_t event)
{
    static const char *const own[] = {"seq", "ts", NULL};
    const struct json *found = json_read(line, bytes, NULL);
    const struct json *sent = json_read(events[event], strlen(events[event]), NULL);
    int64_t seq = 0;
    bool is = found && json_equal_without(found, sent, own) && json_get_integer(found, "seq", &seq);

    json_free(found);
    json_free(sent);
    return is && seq == (int64_t)event + 1;
}

static bool is_right(const char *file, size_t bytes)
{
    const char *newline;
    size_t count = 0;

    for (; count < EVENTS && (newline = memchr(file, '\n', bytes)); count++) {
        size_t line_bytes = (size_t)(newline - file);

        if (!is_line_of(file, line_bytes, count))
            return false;
        file += line_bytes + 1;
        bytes -= line_bytes + 1;
    }
    return count >= ACKNOWLEDGED_EVENTS && bytes == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct history_rules rules = {.gaps = false};
    struct history *history = make_history();
    struct text why;

    text_init(&why, WHY_MAX_BYTES);
    enum history_verdict verdict = history_judge(history, sid, (const char *)data, size, &rules, &why);
    fuzz_require((verdict == HISTORY_SOUND) == is_right((const char *)data, size), "the verdict is right");
    fuzz_require((verdict == HISTORY_SOUND) == (why.length == 0), "who finds fault says why");
    text_free(&why);
    history_free(history);
    return 0;
}
