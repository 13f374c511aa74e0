/* Bringing a session's files in order: the last line first, then the transcript, event by event. */
#include "store/recover.h"

#include "base/io.h"
#include "store/files.h"
#include "store/lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_BYTES = 64 * 1024 };

/* Where the line starts that `end` lies in or behind: backwards, block by block, to the newline before it. */
static enum store_result find_line_start(int fd, uint64_t end, uint64_t *start, struct error *err)
{
    char block[BLOCK_BYTES];
    const char *newline = NULL;

    while (end > 0 && !newline) {
        size_t bytes = end < sizeof block ? (size_t)end : sizeof block;

        end -= bytes;
        if (!io_read_all_at(fd, block, bytes, end)) {
            error_set_errno(err, "cannot read the last line");
            return STORE_IO;
        }
        newline = memrchr(block, '\n', bytes);
    }
    *start = newline ? end + (uint64_t)(newline - block) + 1 : 0;
    return STORE_OK;
}

/* Reads and parses the event in [start, end). On STORE_OK *text is what event points into; the caller frees it. */
static enum store_result read_event(int fd, uint64_t start, uint64_t end, char **text, struct event *event,
                                    struct error *err)
{
    enum store_result result = STORE_IO;
    size_t bytes = (size_t)(end - start);

    *text = NULL;
    if (end - start > STORE_LINE_MAX_BYTES) {
        error_set(err, "a line of more than %d bytes", STORE_LINE_MAX_BYTES);
        return STORE_DAMAGED;
    }
    *text = malloc(bytes + 1);
    if (!*text || !io_read_all_at(fd, *text, bytes, start)) {
        error_set_errno(err, "cannot read the last line");
        goto out;
    }
    /* Some file systems leave zeros behind a write that the power cut short. */
    while (bytes > 0 && (*text)[bytes - 1] == '\0')
        bytes--;
    result = store_event_parse_line((struct json_span){*text, bytes}, event, err);
out:
    if (result != STORE_OK) {
        free(*text);

        *text = NULL;
    }
    return result;
}

/* The last line, from `start` on, has no newline. A whole event gets one, since it may have been acknowledged; the
 * beginning of an event is never whole, and goes. *end is where the file ends then. */
static enum store_result repair_last_line(int fd, uint64_t start, uint64_t *end, struct error *err)
{
    struct event event;
    char *text;
    enum store_result result = read_event(fd, start, *end, &text, &event, err);
    bool repaired;

    if (result == STORE_IO)
        return result;
    *end = result == STORE_OK ? start + event.object.bytes : start;
    repaired = ftruncate(fd, (off_t)*end) == 0;
    if (repaired && result == STORE_OK) {
        repaired = io_write_all(fd, "\n", 1);
        *end += 1;
    }
    free(text);
    if (!repaired)
        error_set_errno(err, "cannot repair the last line");
    return repaired ? STORE_OK : STORE_IO;
}

/* The end of the file, after a repair if need be, and the number on its last line; 0 if it is empty. */
static enum store_result find_tail(int fd, uint64_t *end, uint64_t *last_seq, struct error *err)
{
    struct event event;
    char *text;
    uint64_t start;
    enum store_result result = find_line_start(fd, *end, &start, err);

    if (result == STORE_OK && start < *end)
        result = repair_last_line(fd, start, end, err);
    *last_seq = 0;
    if (result != STORE_OK || *end == 0)
        return result;
    result = find_line_start(fd, *end - 1, &start, err);
    if (result == STORE_OK)
        result = read_event(fd, start, *end - 1, &text, &event, err);
    if (result != STORE_OK)
        return result;
    *last_seq = event.seq;
    free(text);
    return STORE_OK;
}

/* The transcript as far as it is right, while the events are walked along. */
struct transcript {
    int fd;
    uint64_t good_bytes;
    uint64_t file_bytes;
    struct buffer expected;
    struct buffer found;
};

static bool has_line(struct transcript *transcript)
{
    const struct buffer *expected = &transcript->expected;

    if (transcript->file_bytes - transcript->good_bytes < expected->bytes)
        return false;
    buffer_clear(&transcript->found);
    return buffer_add(&transcript->found, expected->data, expected->bytes) &&
           io_read_all_at(transcript->fd, transcript->found.data, expected->bytes, transcript->good_bytes) &&
           memcmp(transcript->found.data, expected->data, expected->bytes) == 0;
}

/* Everything behind good_bytes goes: half a line, a line whose event never reached the disk. */
static bool cut_transcript(struct transcript *transcript)
{
    if (transcript->file_bytes == transcript->good_bytes)
        return true;
    transcript->file_bytes = transcript->good_bytes;
    return ftruncate(transcript->fd, (off_t)transcript->good_bytes) == 0;
}

/* The transcript's line of an event follows from the event, so the right one is known: if the file does not hold it at
 * its place, the file is written anew from here on. */
static bool level_transcript(struct transcript *transcript, const struct event *event)
{
    struct buffer *expected = &transcript->expected;

    buffer_clear(expected);
    store_event_add_transcript(expected, event, event->ts, event->seq);
    if (expected->failed)
        return false;
    if (expected->bytes == 0)
        return true;
    if (!has_line(transcript)) {
        if (!cut_transcript(transcript) || !io_write_all(transcript->fd, expected->data, expected->bytes))
            return false;
        transcript->file_bytes += expected->bytes;
    }
    transcript->good_bytes += expected->bytes;
    return true;
}

/* Walks along all events behind the known ones: their numbers must follow each other, and each message must stand in
 * the transcript. */
static enum store_result walk(struct lines *lines, uint64_t last_seq, struct transcript *transcript, struct error *err)
{
    struct json_span line;
    struct event event;

    for (;;) {
        enum store_result result = store_lines_next(lines, &line, err);

        if (result != STORE_OK || !line.at)
            return result;
        result = store_event_parse_line((struct json_span){line.at, line.bytes - 1}, &event, err);
        if (result != STORE_OK)
            return result;
        if (event.seq != ++last_seq) {
            error_set(err, "number %" PRIu64 " stands where %" PRIu64 " should", event.seq, last_seq);
            return STORE_DAMAGED;
        }
        if (!level_transcript(transcript, &event)) {
            error_set_errno(err, "cannot bring the transcript level with the events");
            return STORE_IO;
        }
    }
}

enum store_result store_recover(struct visit *visit, const struct stat *events, const struct stat *transcript_file,
                                struct error *err)
{
    struct tail *tail = &visit->session->tail;
    struct tail before = *tail;
    uint64_t end = (uint64_t)events->st_size;
    uint64_t last_seq;
    struct transcript transcript = {
        .fd = visit->transcript_fd,
        .file_bytes = (uint64_t)transcript_file->st_size,
        .expected = buffer_new(STORE_LINE_MAX_BYTES),
        .found = buffer_new(STORE_LINE_MAX_BYTES),
    };
    struct lines lines;
    enum store_result result;

    tail->known = false;
    result = find_tail(visit->events_fd, &end, &last_seq, err);
    if (result != STORE_OK)
        return result;
    /* If the files only grew, another process added to them: what is known of their beginning stays true. */
    if (!before.known || before.events_inode != events->st_ino || before.transcript_inode != transcript_file->st_ino ||
        before.events_bytes > end || before.transcript_bytes > transcript.file_bytes)
        before = (struct tail){0};
    transcript.good_bytes = before.transcript_bytes;
    lines = store_lines(visit->events_fd, before.events_bytes, end);
    result = walk(&lines, before.last_seq, &transcript, err);
    if (result == STORE_OK && !cut_transcript(&transcript)) {
        error_set_errno(err, "cannot cut the transcript");
        result = STORE_IO;
    }
    store_lines_free(&lines);
    buffer_free(&transcript.expected);
    buffer_free(&transcript.found);
    if (result == STORE_OK)
        *tail = (struct tail){true, events->st_ino, transcript_file->st_ino, end, transcript.good_bytes, last_seq};
    return result;
}
