/* A registry of a few rooms, for tests of what names them. */
#ifndef ASSAY_TESTS_ROOMS_FIXTURE_H
#define ASSAY_TESTS_ROOMS_FIXTURE_H

#include "model/room.h"

static void no_case(void **state)
{
    (void)state;
}

static const struct check fixture_order = {
    .title = "Lines are in order",
    .level = MUST,
    .origins = {"RFC 8259 2", "OAS-1"},
    .cases = {{.name = "eight_threads", .run = no_case, .promised = true},
              {.name = "two_processes", .run = no_case, .level = SHOULD},
              {.name = "one_writer", .run = no_case, .control = true}},
};

static const struct check fixture_lengths = {
    .title = "Lengths that differ are refused",
    .level = MUST,
    .origins = {"RFC 9112 6.3"},
    .tags = {"security"},
    .cases = {{.name = "two_lengths", .run = no_case}, {.name = "one_length", .run = no_case, .control = true}},
};

static const struct check fixture_invalid = {
    .title = "What is not JSON is answered 400",
    .level = SHOULD,
    .origins = {"P28C-2"},
    .stricter = "the original answers 500 for an empty body",
    .cases = {{.name = "every_endpoint", .run = no_case}},
};

static const struct room fixture_rooms[] = {
    {"http/conflicting-lengths", "# Lengths\n", &fixture_lengths},
    {"http/invalid-json", "# JSON\n", &fixture_invalid},
    {"store/sequence-order", "# Order\n", &fixture_order},
};

enum { FIXTURE_ROOMS = 3 };

#endif
