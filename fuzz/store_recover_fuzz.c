/* The input is a session's event file, as a crash, a full disk or another program left it. Whole lines stay, and so
 * does a last event that lacks only its newline. If their numbers are 1, 2, … the session goes on behind them, without
 * using a number twice, and the transcript is made from them; else it is refused. */
#include "folder.h"
#include "fuzz.h"
#include "referee.h"
#include "store/store.h"

#include <string.h>

enum {
    INPUT_MAX_BYTES = 1000
}; /* too few to nest more deeply than the store allows, which the referee does not mind */

#define SID "0123456789abcdef0123456789abcdef"
#define EVENTS "sessions/" SID "/events.jsonl"
#define TRANSCRIPT "sessions/" SID "/transcript.jsonl"

/* Opens the store and appends. 0: the session is refused; else the number that the event got. */
static uint64_t append(void)
{
    static const char event[] = "{\"type\":\"user.message\",\"text\":\"x\"}";
    const struct store_options options = {0};
    struct store *store;
    struct store_page page = {0};
    uint64_t next = 0, seq = 0;

    fuzz_require(store_open(folder_path(), &options, &store, NULL) == STORE_OK, "the store can be opened");
    bool served = store_resume(store, SID, &next, NULL) == STORE_OK;
    fuzz_require((store_append(store, SID, event, strlen(event), &seq, NULL) == STORE_OK) == served &&
                     (store_read(store, SID, 0, 0, &page, NULL) == STORE_OK) == served,
                 "all operations are served, or none");
    fuzz_require(seq == next && page.count == seq, "the number was foretold, and is that of the last event");
    store_page_free(&page);
    store_close(store);
    return seq;
}

/* How many events there are, or -1 if one has a wrong number or is none; *whole is how many bytes of whole lines. */
static int64_t count_events(const char *file, size_t bytes, size_t *whole)
{
    const char *newline;
    int64_t count = 0, wrong = 0;

    *whole = 0;
    while ((newline = memchr(file + *whole, '\n', bytes - *whole))) {
        wrong += referee_event_number(file + *whole, (size_t)(newline - file) - *whole) != ++count;
        *whole = (size_t)(newline - file) + 1;
    }
    while (bytes > *whole && file[bytes - 1] == '\0') /* some file systems leave them after a crash */
        bytes--;
    int64_t number = referee_event_number(file + *whole, bytes - *whole);
    if (number != 0)
        wrong += number != ++count;
    return wrong ? -1 : count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t whole, unused, bytes, old_bytes, new_bytes;

    if (size > INPUT_MAX_BYTES)
        return 0;
    int64_t count = count_events((const char *)data, size, &whole);
    uint64_t first = (uint64_t)count + 1; /* 0: to be refused */
    folder_make("sessions");
    folder_make("sessions/" SID);
    folder_write("sessions/" SID "/meta.json", "{}", 2);
    folder_write(EVENTS, (const char *)data, size);
    folder_write(TRANSCRIPT, (const char *)data, size); /* spoilt */
    fuzz_require(append() == first && append() == (first ? first + 1 : 0),
                 "numbers follow each other, or none is used");
    char *old = folder_read(TRANSCRIPT, &old_bytes);
    folder_write(TRANSCRIPT, NULL, 0); /* lost */
    fuzz_require(append() == (first ? first + 2 : 0), "a transcript that is lost changes nothing");

    char *file = folder_read(EVENTS, &bytes);
    char *new = folder_read(TRANSCRIPT, &new_bytes);
    fuzz_require(bytes >= whole && memcmp(file, data, whole) == 0, "whole lines stay as they are");
    fuzz_require(!first || count_events(file, bytes, &unused) == count + 3, "every line is an event with its number");
    fuzz_require(!first || (new_bytes > old_bytes && memcmp(new, old, old_bytes) == 0), "it is the same transcript");
    free(new);
    free(file);
    free(old);
    return 0;
}
