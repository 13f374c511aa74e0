/* What comes out of the frame decoder, as a line of text: "text(Hello); ping(); close 1000(bye); ", then "failed 1002",
 * or "reading" if the peer owes bytes. For the unit tests. */
#ifndef REF_TESTS_WEBSOCKET_FIXTURE_H
#define REF_TESTS_WEBSOCKET_FIXTURE_H

#include "websocket/frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { OUTCOME_MAX_BYTES = 65536, MESSAGE_MAX_BYTES = 1000 };

static inline bool note(struct buffer *outcome, const struct websocket_decoder *decoder, enum websocket_event event)
{
    static const char *const names[] = {"reading", "text", "binary", "ping", "pong", "close", "failed"};

    if (event == WEBSOCKET_MORE)
        return true;
    buffer_add_text(outcome, names[event]);
    if (event == WEBSOCKET_CLOSE || event == WEBSOCKET_FAILED)
        buffer_add_format(outcome, " %d", decoder->close_code);
    if (event == WEBSOCKET_FAILED)
        return false;
    assert_int_equal(decoder->payload[decoder->payload_bytes], '\0');
    buffer_add_text(outcome, "(");
    buffer_add(outcome, decoder->payload, decoder->payload_bytes);
    buffer_add_text(outcome, "); ");
    return true;
}

/* Feeds a copy of one piece, so that AddressSanitizer sees a byte read too many. False: the decoder has failed. */
static inline bool feed(struct websocket_decoder *decoder, const char *bytes, size_t count, struct buffer *outcome)
{
    char *copy = malloc(count ? count : 1);
    enum websocket_event event = WEBSOCKET_PING;
    bool open = true;
    size_t consumed;

    assert_non_null(copy);
    memcpy(copy, bytes, count);
    for (size_t at = 0; open && event != WEBSOCKET_MORE; at += consumed) {
        event = websocket_decode(decoder, copy + at, count - at, &consumed);
        open = note(outcome, decoder, event);
        assert_true(consumed <= count - at && (event != WEBSOCKET_MORE || at + consumed == count));
    }
    free(copy);
    return open;
}

/* What fails once, fails for good, keeps its reason and holds no memory. */
static inline void expect_lasting_failure(struct websocket_decoder *decoder)
{
    int close_code = decoder->close_code;
    size_t consumed = 1;

    assert_int_equal(websocket_decode(decoder, "\x8a\x80\x00\x00\x00\x00", 6, &consumed), WEBSOCKET_FAILED);
    assert_int_equal(consumed, 0);
    assert_int_equal(decoder->close_code, close_code);
    assert_non_null(decoder->fault);
    assert_false(websocket_is_reading(decoder));
    assert_int_equal(decoder->content.room_bytes, 0);
}

/* Decodes bytes in pieces of step, of which the first is of first bytes. The caller frees the outcome. */
static inline struct buffer decode_pieces(enum websocket_role role, const char *bytes, size_t count, size_t first,
                                          size_t step)
{
    struct buffer outcome = buffer_new(OUTCOME_MAX_BYTES);
    struct websocket_decoder decoder;
    bool open = true;

    websocket_begin(&decoder, role, MESSAGE_MAX_BYTES);
    buffer_add_text(&outcome, "");
    for (size_t at = 0, size = first; at < count && open; at += size, size = step) {
        if (size > count - at)
            size = count - at;
        open = feed(&decoder, bytes + at, size, &outcome);
    }
    if (!open)
        expect_lasting_failure(&decoder);
    else if (websocket_is_reading(&decoder))
        buffer_add_text(&outcome, "reading");
    websocket_end(&decoder);
    assert_int_equal(decoder.content.room_bytes, 0);
    assert_false(outcome.failed);
    return outcome;
}

static inline void expect_pieces(enum websocket_role role, const char *bytes, size_t count, size_t first, size_t step,
                                 const char *expected, const char *rule)
{
    struct buffer outcome = decode_pieces(role, bytes, count, first, step);

    if (strcmp(outcome.data, expected) != 0)
        print_message("%s, in pieces of %zu, then %zu\n", rule, first, step);
    assert_string_equal(outcome.data, expected);
    buffer_free(&outcome);
}

/* The failure comes with the last byte and not before, and nothing that follows it helps. */
static inline void expect_failure_at_end(enum websocket_role role, const char *bytes, size_t count,
                                         const char *expected, const char *rule)
{
    struct buffer shorter = decode_pieces(role, bytes, count - 1, count, count);
    char *longer = calloc(count + 8, 1);

    if (strstr(shorter.data, "failed"))
        fail_msg("%s: failed before the last byte", rule);
    buffer_free(&shorter);
    assert_non_null(longer);
    memcpy(longer, bytes, count);
    expect_pieces(role, longer, count + 8, count + 8, 1, expected, rule);
    free(longer);
}

/* The outcome is that, however the bytes are cut. */
static inline void expect_outcome(enum websocket_role role, const char *bytes, size_t count, const char *expected,
                                  const char *rule)
{
    static const size_t steps[] = {1, 2, 3, 7};

    expect_pieces(role, bytes, count, count, count, expected, rule);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        expect_pieces(role, bytes, count, steps[i], steps[i], expected, rule);
    for (size_t cut = 1; cut < count && count < 300; cut++)
        expect_pieces(role, bytes, count, cut, count, expected, rule);
    if (strstr(expected, "failed"))
        expect_failure_at_end(role, bytes, count, expected, rule);
}

#endif
