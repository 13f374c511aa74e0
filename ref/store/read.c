/* Reading: a page of the events as they stand in the file. */
#include "store/files.h"
#include "store/lines.h"

#include <inttypes.h>
#include <stdlib.h>

/* Adds one line to the page, if its number is wanted. *full: it does not fit any more. */
static enum store_result add_to_page(struct buffer *page, struct json_span line, uint64_t seq, bool *full,
                                     struct error *err)
{
    struct event event;
    enum store_result result = store_event_parse_line((struct json_span){line.at, line.bytes - 1}, &event, err);

    if (result != STORE_OK)
        return result;
    if (event.seq != seq) {
        error_set(err, "number %" PRIu64 " stands where %" PRIu64 " should", event.seq, seq);
        return STORE_DAMAGED;
    }
    *full = page->bytes > 0 && page->bytes + line.bytes > STORE_PAGE_MAX_BYTES;
    if (!*full && !buffer_add(page, line.at, line.bytes)) {
        error_set(err, "out of memory");
        return STORE_IO;
    }
    return STORE_OK;
}

static enum store_result read_page(struct lines *lines, uint64_t after, uint64_t limit, struct store_page *page,
                                   struct error *err)
{
    struct buffer buffer = buffer_new(STORE_LINE_MAX_BYTES + STORE_PAGE_MAX_BYTES);
    struct json_span line;
    enum store_result result = STORE_OK;
    bool full = false;

    *page = (struct store_page){0};
    for (uint64_t seq = 1; result == STORE_OK && !full && (limit == 0 || page->count < limit); seq++) {
        result = store_lines_next(lines, &line, err);
        if (result != STORE_OK || !line.at)
            break;
        if (seq <= after)
            continue; /* line n holds number n */
        result = add_to_page(&buffer, line, seq, &full, err);
        page->count += result == STORE_OK && !full;
    }
    if (result == STORE_OK)
        page->lines = buffer_take(&buffer, &page->bytes);
    buffer_free(&buffer);
    return result;
}

enum store_result store_read(struct store *store, const char *sid, uint64_t after, uint64_t limit,
                             struct store_page *page, struct error *err)
{
    struct visit visit;
    struct lines lines;
    uint64_t end_bytes;
    enum store_result result = visit_begin(&visit, store, sid, err);

    if (result != STORE_OK)
        return result;
    result = store_log_open(&visit, err);
    /* Up to here the file holds whole lines that stay as they are: they are read without keeping others out. */
    end_bytes = visit.session->tail.events_bytes;
    visit_unlock(&visit);
    if (result == STORE_OK) {
        lines = store_lines(visit.events_fd, 0, end_bytes);
        result = read_page(&lines, after, limit, page, err);
        store_lines_free(&lines);
    }
    visit_end(&visit);
    return result;
}

void store_page_free(struct store_page *page)
{
    free(page->lines);
    *page = (struct store_page){0};
}
