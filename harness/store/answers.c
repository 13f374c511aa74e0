/* What answers say where a target declares that they say less: no number, or nothing of a session that is not there. */
#include "check.h"
#include "store/store_private.h"

#include <string.h>
#include <sys/stat.h>

/* ---- the number of the last event ---- */

/* Of the last line that has one, or the highest of all lines that have their newline. */
static int64_t number_in_file(struct store *store, const char *sid, bool highest)
{
    struct text file = store_file(store, sid, STORE_EVENTS);
    size_t end = file.length;
    int64_t found = 0;

    while (end > 0 && (highest || found == 0)) {
        const char *newline = memrchr(file.bytes, '\n', end - 1);
        size_t start = newline ? (size_t)(newline - file.bytes) + 1 : 0;
        const struct json *line = json_read_event(file.bytes + start, end - start, NULL);
        bool counts = !highest || file.bytes[end - 1] == '\n';
        int64_t seq = 0;

        if (counts && json_get_integer(line, "seq", &seq) && seq > found)
            found = seq;
        json_free(line);
        end = start;
    }
    text_free(&file);
    return found;
}

/* The highest number of a page, or `last` where it has no higher one. */
static int64_t last_of_page(struct store *store, const char *sid, int64_t last)
{
    struct text params;
    struct json_writer writer = store_open_params(&params, sid);

    json_member_integer(&writer, "after", last);
    struct answer answer = store_finish_call(store, "store.read", &writer, &params);
    const struct json *events = json_get(answer.result, "events");
    for (const struct json *text = events ? events->child : NULL; text; text = text->next) {
        const struct json *event = text->string ? json_read_event(text->string, text->string_bytes, NULL) : NULL;
        int64_t seq = 0;

        if (json_get_integer(event, "seq", &seq) && seq > last)
            last = seq;
        json_free(event);
    }
    return last;
}

/* These reads are none of the history's. */
static int64_t last_shown(struct store *store, const char *sid)
{
    int64_t last = 0, before;

    do {
        before = last;
        last = last_of_page(store, sid, last);
    } while (last > before);
    return last;
}

uint64_t store_last_number(struct store *store, const char *sid)
{
    return (uint64_t)(store_has_file(store, STORE_EVENTS) ? number_in_file(store, sid, false) : last_shown(store, sid));
}

/* The store is asked, as any caller would; the file tells more where it refuses to read what was damaged. Some make the
 * file with the first event, and some cases put something else in its place. */
uint64_t store_highest_number(struct store *store, const char *sid)
{
    int64_t shown = last_shown(store, sid), written = 0;
    struct stat file;

    if (store_has_file(store, STORE_EVENTS) && lstat(store_path(store, sid, STORE_EVENTS), &file) == 0 &&
        S_ISREG(file.st_mode))
        written = number_in_file(store, sid, true);
    return (uint64_t)(shown > written ? shown : written);
}

/* ---- a session that is not there ---- */

bool store_shows_nothing(const struct answer *answer)
{
    const struct json *events = json_get(answer->result, "events"), *metadata = json_get(answer->result, "metadata");
    const struct json *shown = events ? events : metadata;

    return answer->outcome != ACKNOWLEDGED || (shown && shown->count == 0);
}

bool store_says_absent(const struct store *store, const struct answer *answer)
{
    return answer->outcome != ACKNOWLEDGED ||
           (store_declares(store, "store.unknown=empty") && store_shows_nothing(answer));
}
