/* What a run has found: the model that the event stream (run.jsonl) carries and that every report is a function of.
 * Strings are the struct's own copies and may hold any bytes: they come from hostile programs, and each report
 * escapes them for its own format. NULL means absent. */
#ifndef ASSAY_RESULTS_H
#define ASSAY_RESULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum verdict {
    VERDICT_PASS,
    VERDICT_FAIL,
    VERDICT_XFAIL, /* fails, and the baseline says so */
    VERDICT_XPASS, /* passes, though the baseline says it fails */
    VERDICT_WARN,  /* a SHOULD that fails, below --level should */
    VERDICT_NA,
    VERDICT_ERROR,
    VERDICT_COUNT
};

enum blame { BLAME_NONE, BLAME_TARGET, BLAME_HARNESS, BLAME_ENVIRONMENT };

struct case_result {
    char *name;
    bool control;
    enum verdict verdict;
    enum blame blame; /* of an ERROR */
    char *how;        /* wrong, silent, hang, crash, race, leak */
    int64_t ms;
    unsigned runs; /* how often it ran (--repeat) */
    char *message; /* the finding, one line */
    char *sent;    /* evidence of a failure, and when it came, counted from the start of the case */
    char *expected;
    char *actual;
    int64_t at_ms;
    char *state;    /* the target when it was over: alive, exit code or signal; what had to be ended */
    char *evidence; /* the directory that was kept */
    char *again;    /* the command line that runs the case again */
};

struct check_result {
    char *id;             /* store/sequence-order */
    char *title;          /* the requirement in a line */
    char *level;          /* must, should, info */
    char **origins;       /* NULL-terminated */
    char **tags;          /* NULL-terminated */
    enum verdict verdict; /* the worst of its cases */
    char *how;
    int64_t ms;
    char *message;
    struct case_result *cases;
    size_t case_count;
};

struct results {
    char *version;
    char *set;
    char *target;
    int64_t wall_ms;
    bool interrupted;             /* by a signal: what is here is not all */
    size_t counts[VERDICT_COUNT]; /* of checks */
    struct check_result *checks;
    size_t check_count;
};

void results_init(struct results *results, const char *version, const char *set, const char *target);
void results_free(struct results *results);

/* The new check is in the order of the call; it lives until results_free(), but its address may change. */
size_t results_add_check(struct results *results, const char *id, const char *title, const char *level,
                         const char *const *origins, const char *const *tags);

/* Copies the case, and folds it into the verdict, how, message and ms of its check and into the counts. */
void results_add_case(struct results *results, size_t check, const struct case_result *result);

void case_result_free(struct case_result *result); /* what it points to, not the struct */

const char *verdict_name(enum verdict verdict);
const char *blame_name(enum blame blame);

/* 0, 1, 3, 4 or 70: at least `min` checks passed and nothing else happened, and so on, as `assay --help` says. */
int results_exit_code(const struct results *results, size_t min);

#endif
