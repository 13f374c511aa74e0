/* What a check is, and what its cases may say. Every room includes this header and exports one `const struct check`.
 *
 * A case is a CMocka test that runs in a process of its own, with the target already started and passed as *state: a
 * room under regress/store/ gets a struct store (store/store.h), one under regress/http/ a struct http_target, and so
 * on. It fails by an expectation that does not hold; the expectation writes the verdict and its evidence, then leaves
 * the case. Only the case's own thread may call the functions below. A case that passes without having met a single
 * expectation has proven nothing, and counts as a defect of the harness.
 *
 * The first case that is no control states the requirement: a target to which it does not apply has not passed the
 * room, whatever the others say. */
#ifndef ASSAY_CHECK_H
#define ASSAY_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHECK_ORIGINS_MAX = 12,
    CHECK_TAGS_MAX = 4,
    CHECK_NEEDS_MAX = 4,
    CHECK_CASES_MAX = 48,
};

/* Whether a failure fails a run: of a MUST it does, of a SHOULD with --level should, of an INFO never. A case may have
 * a level of its own, for one story may hold what a standard demands and what it recommends. Whatever the level, a
 * crash, a hang and a leak fail the run. */
enum level { LEVEL_OF_CHECK, MUST, SHOULD, INFO };

struct check_case {
    const char *name;
    void (*run)(void **state);
    enum level level;
    bool promised; /* one of the three reports promises just this, so it is in --set seeds */
    bool control;  /* shows that the stimulus works: passes on right code and on the mutants of this room as well. Runs
                    * first: where it fails, the other cases are not judged, and the target's failure is none of the
                    * requirement's but an ERROR; unless it crashed, hung, leaked, or did what may never happen */
    bool measures; /* of time or memory, so it says nothing of a sanitised or wrapped target, which is NA here */
};

/* CASE(numbers_rise), CASE(hints_are_followed, .level = SHOULD) */
#define CASE(function, ...)                             \
    {                                                   \
        .name = #function, .run = function, __VA_ARGS__ \
    }
#define CONTROL(function, ...) CASE(function, .control = true, __VA_ARGS__)
#define MEASURE(function, ...) CASE(function, .measures = true, __VA_ARGS__)

/* What a check may need of a target beyond the surface it is filed under; a target without it is NA there.
 *
 *   store.fork           a method of the driver
 *   files, transcript, metadata
 *                        an entry of the manifest: where the store's events, the transcript, the metadata lie
 *   store.durability=D2  a declaration of the manifest
 *   raw_events           a feature of the driver: events as base64, so bytes that are no JSON too
 *   whole_events         all of an event, and not only type and text: the manifest does not declare store.events=typed
 *   own_numbers          the store gives the numbers: the manifest does not declare store.seq=caller
 *   driver               a driver, for an http or ws target that may be a manifest entry alone
 *   supervisor           system calls of the target must be held or failed; the case finds out whether they can be */
struct check {
    const char *title;
    enum level level;                       /* of its cases that have none of their own */
    const char *tags[CHECK_TAGS_MAX];       /* "security" */
    const char *origins[CHECK_ORIGINS_MAX]; /* "OAS-1", "RFC 8259 2", "CWE-59": what the requirement comes from */
    const char *needs[CHECK_NEEDS_MAX];     /* see above */
    const char *uses[CHECK_NEEDS_MAX];      /* the same of single cases, which are NA or show less without it */
    const char *stricter; /* how the original's own fix still fails cases that are not promised; or NULL */
    struct check_case cases[CHECK_CASES_MAX];
};

/* How a target failed. */
enum how { WRONG, SILENT, HANG, CRASH, RACE, LEAK };

/* Evidence: what was sent last is printed with a failure. Bytes are copied and shown escaped, cut to a screenful. */
void sent(const char *format, ...) __attribute__((format(printf, 1, 2)));
void sent_bytes(const void *bytes, size_t count);

/* The requirement holds, or the case ends as FAIL. `expected` names all legal answers, the rest says what came. */
void expect(bool holds, enum how how, const char *expected, const char *actual, ...)
    __attribute__((format(printf, 4, 5)));
void expect_integer(int64_t actual, int64_t expected, const char *what);
void expect_text(const char *actual, const char *expected, const char *what);

/* From now on what does not hold fails at that level instead of the case's, LEVEL_OF_CHECK being the case's own again:
 * what may never happen is a MUST wherever it is met. */
void expect_at(enum level level);

/* What a reader wants to know of a case that passes, such as the class that the target was found to be in: printed with
 * its verdict. One line; the last one counts. */
void remark(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the case as FAIL: message is the one-line finding, expected may be NULL. */
_Noreturn void fail_case(enum how how, const char *expected, const char *actual, const char *message, ...)
    __attribute__((format(printf, 4, 5)));

/* Ends the case as NA, or as ERROR of the target (it broke the driver protocol), of the environment (the machine
 * refuses what the case needs) or of the harness. The text says why, and what to do about it. */
_Noreturn void not_applicable(const char *why, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void error_of_target(const char *what, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void error_of_environment(const char *what, ...) __attribute__((format(printf, 1, 2)));
_Noreturn void error_of_harness(const char *what, ...) __attribute__((format(printf, 1, 2)));

/* Time as the case sees it: monotonic, in nanoseconds; deadlines grow with --timeout-scale. */
int64_t now_ns(void);
int64_t scaled_ms(int64_t milliseconds);

/* So long from now, scaled; in the time of now_ns(). */
int64_t deadline_after(int64_t milliseconds);

/* A directory of the case's own, absolute, mode 0700, removed after the case unless it failed or --keep was given. */
const char *case_directory(void);

/* --long: full-size stimuli, where the default is sized to the gate. */
bool long_run(void);

/* --seed, so that what a case draws by lot can be drawn again. */
uint64_t case_seed(void);

#endif
