/* The results that the tests of the reports write: one run with every verdict, one in which every string is hostile. */
#ifndef ASSAY_TESTS_REPORT_MODEL_H
#define ASSAY_TESTS_REPORT_MODEL_H

#include "model/results.h"

/* What a hostile target would like to get into a report: markup, terminal escapes (CSI, OSC 8, C1 in both forms),
 * broken UTF-8, text that runs backwards, line breaks, TAP directives, Markdown tables and fences. */
#define HOSTILE                                                                          \
    "<&]]>\"' \033[31mred \033]8;;http://x\033\\ \x9b\x31m \xc2\x9b \x80\xff\xc3 \r\n\n" \
    "ok 9 # SKIP\n```|`` | <b>@all</b> [x](y) *_~ \\ \t \x01\x7f \xe2\x80\xae \xef\xbf\xbe\xed\xa0\x80 end"

/* Static storage can be cast to char *: results_add_case() copies and never writes. */
#define STRING(literal) ((char *)(literal))

static inline void add_passing(struct results *results)
{
    size_t check = results_add_check(results, "store/sequence-order", "Numbers rise by one, in file order", "must",
                                     (const char *const[]){"OAS-1", "RFC 8259 2", NULL}, NULL);

    results_add_case(results, check,
                     &(struct case_result){.name = STRING("one_writer"), .number = 1, .control = true, .ms = 20});
    results_add_case(results, check,
                     &(struct case_result){.name = STRING("four_writers"), .number = 0, .ms = 1234, .runs = 3});
}

static inline void add_failing(struct results *results)
{
    size_t check = results_add_check(results, "store/torn-tail", "A torn tail is repaired", "must",
                                     (const char *const[]){"OAS-5", NULL}, (const char *const[]){"security", NULL});

    results_add_case(results, check, &(struct case_result){.name = STRING("whole_tail"), .control = true, .ms = 5});
    results_add_case(results, check,
                     &(struct case_result){.name = STRING("half_a_line"),
                                           .number = 1,
                                           .verdict = VERDICT_FAIL,
                                           .how = STRING("wrong"),
                                           .ms = 310,
                                           .runs = 50,
                                           .failed = 3,
                                           .message = STRING("the next append continues the torn line"),
                                           .sent = STRING("{\"type\":\"user.message\",\"op\":\"7\"}"),
                                           .expected = STRING("the torn line is gone, or apart"),
                                           .actual = STRING("line 1: {\"seq\":1}\nline 2: {\"se{\"seq\":2}\n"),
                                           .at_ms = 42,
                                           .state = STRING("alive, stopped when asked"),
                                           .evidence = STRING("assay-out/store/torn-tail/half_a_line"),
                                           .again = STRING("assay run store/torn-tail --seed 7")});
}

static inline void add_not_applicable(struct results *results, const char *id)
{
    size_t check = results_add_check(results, id, "A fork begins at one", "must", NULL, NULL);

    results_add_case(results, check,
                     &(struct case_result){.name = STRING("fork_is_renumbered"),
                                           .verdict = VERDICT_NA,
                                           .message = STRING("the driver does not serve store.fork")});
}

static inline void add_baseline(struct results *results)
{
    size_t known = results_add_check(results, "http/known", "Known to fail", "must", NULL, NULL);
    size_t mended = results_add_check(results, "http/mended", "Known to fail, yet passes", "must", NULL, NULL);
    size_t should = results_add_check(results, "http/should", "Should be so", "should", NULL, NULL);

    results_add_case(results, known,
                     &(struct case_result){.name = STRING("fails"),
                                           .verdict = VERDICT_XFAIL,
                                           .how = STRING("silent"),
                                           .message = STRING("no answer")});
    results_add_case(results, mended, &(struct case_result){.name = STRING("passes"), .verdict = VERDICT_XPASS});
    results_add_case(results, should,
                     &(struct case_result){.name = STRING("warns"),
                                           .verdict = VERDICT_WARN,
                                           .how = STRING("wrong"),
                                           .message = STRING("500, should be 400"),
                                           .sent = STRING("GET / HTTP/1.1\\r\\n\\r\\n"),
                                           .expected = STRING(""),
                                           .actual = STRING("500"),
                                           .evidence = STRING("assay-out/http/should/warns"),
                                           .again = STRING("assay run http/should")});
}

static inline void add_errors(struct results *results)
{
    size_t check = results_add_check(results, "http/errors", "Cannot be judged", "must", NULL, NULL);
    static const enum blame blames[] = {BLAME_ENVIRONMENT, BLAME_TARGET, BLAME_HARNESS};
    static const char *const names[] = {"no_port", "no_answer", "no_record"};

    for (size_t i = 0; i < 3; i++)
        results_add_case(results, check,
                         &(struct case_result){.name = STRING(names[i]),
                                               .number = i,
                                               .verdict = VERDICT_ERROR,
                                               .blame = blames[i],
                                               .ms = 1,
                                               .message = STRING("it says why"),
                                               .state = STRING("exit code 3")});
}

static inline void add_failing_control(struct results *results)
{
    size_t check = results_add_check(results, "http/control", "An odd request is refused", "must", NULL, NULL);

    results_add_case(results, check,
                     &(struct case_result){.name = STRING("a_plain_request_is_served"),
                                           .verdict = VERDICT_FAIL,
                                           .control = true,
                                           .how = STRING("wrong"),
                                           .message = STRING("expected 2xx, got 500"),
                                           .expected = STRING("2xx"),
                                           .actual = STRING("500"),
                                           .at_ms = 3});
}

/* --keep leaves what passes, too. */
static inline void add_kept(struct results *results)
{
    size_t check = results_add_check(results, "store/kept", "A target may be left running", "must", NULL, NULL);

    results_add_case(results, check,
                     &(struct case_result){.name = STRING("passes"),
                                           .state = STRING("left running: process 7 (acme)"),
                                           .evidence = STRING("assay-out/store/kept/passes"),
                                           .again = STRING("assay run store/kept")});
}

static inline void build_every_verdict(struct results *results)
{
    results_init(results, "0.1.0", "2026.1", "acme");
    results_identify(results, &(struct identity){
                                  .started = STRING("2026-01-31T12:00:00Z"),
                                  .host = STRING("ci-7, Linux 6.1.0 x86_64"),
                                  .command = STRING("assay run --target acme.json --level should"),
                                  .level = STRING("should"),
                                  .seed = STRING("18446744073709551615"),
                                  .baseline = STRING("/acme/assay.baseline"),
                                  .declares = (char *[]){STRING("store.gaps=yes"), STRING("store.durability=D2"), NULL},
                                  .driver_name = STRING("acme"),
                                  .driver_version = STRING("1.2"),
                              });
    results->planned_checks = 10;
    results->planned_cases = 16;
    results->wall_ms = 12345;
    add_passing(results);
    add_failing(results);
    add_not_applicable(results, "store/fork-renumbers");
    add_not_applicable(results, "store/fork-head");
    add_baseline(results);
    add_errors(results);
    add_failing_control(results);
    add_kept(results);
}

/* `string` in every place that holds one, in a check with a failure of every kind. */
static inline void build_hostile(struct results *results, const char *string)
{
    char *text = (char *)string;
    char name[2] = "a";

    results_init(results, string, string, string);
    results_identify(results, &(struct identity){
                                  .started = text,
                                  .host = text,
                                  .command = text,
                                  .level = text,
                                  .seed = text,
                                  .baseline = text,
                                  .declares = (char *[]){text, text, NULL},
                                  .driver_name = text,
                                  .driver_version = text,
                              });
    results->interrupted = true;
    results->signal = 15;
    size_t check = results_add_check(results, string, string, string, (const char *const[]){string, string, NULL},
                                     (const char *const[]){string, NULL});
    for (int verdict = 0; verdict < VERDICT_COUNT; verdict++, name[0]++) {
        struct case_result result = {.number = (size_t)verdict,
                                     .verdict = (enum verdict)verdict,
                                     .blame = verdict == VERDICT_ERROR ? BLAME_TARGET : BLAME_NONE,
                                     .how = text,
                                     .message = text,
                                     .sent = text,
                                     .expected = text,
                                     .actual = text,
                                     .state = text,
                                     .evidence = text,
                                     .again = text};

        result.name = verdict == 0 ? text : name;
        results_add_case(results, check, &result);
    }
}

#endif
