/* What a run has found: the model that the event stream (run.jsonl) carries and that every report is a function of.
 *
 * Strings are the struct's own copies, cut at RESULTS_STRING_MAX_BYTES, and may hold any bytes: they come from hostile
 * programs, and each report escapes them for its own format. NULL means absent. Nothing here blocks but
 * results_read(); one thread at a time may use a struct results. Out of memory ends the process.
 * Each member that is copied, written or read has a row in fields.c. */
#ifndef ASSAY_MODEL_RESULTS_H
#define ASSAY_MODEL_RESULTS_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    RESULTS_STRING_MAX_BYTES = 64 << 10, /* of one string of the model */
    RESULTS_CHECKS_MAX = 4096,           /* what results_read() takes; a check has at most CHECK_CASES_MAX cases */
    RESULTS_STREAM_MAX_BYTES = 64 << 20,
    RESULTS_DECLARES_MAX = 64,
    RESULTS_SHARDS_MAX = 1000,
};

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
    size_t number; /* its place among the cases of its check, from 0: cases that run at once end in any order */
    bool control;
    char *level; /* must, should, info; NULL until results_add_case(): that of its check */
    enum verdict verdict;
    enum blame blame; /* of an ERROR */
    char *how;        /* wrong, silent, hang, crash, race, leak */
    int64_t ms;       /* of all its runs together */
    unsigned runs;    /* how often it ran (--repeat) */
    unsigned failed;  /* how many of them did not pass: FAIL, XFAIL, WARN or ERROR */
    char *message;    /* the finding, one line; of a PASS: what is remarkable about it */
    char *sent;       /* evidence of a failure, and when it came, counted from the start of the case */
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
    char *level;          /* of those of its cases that have none of their own */
    char **origins;       /* NULL-terminated */
    char **tags;          /* NULL-terminated */
    enum verdict verdict; /* the worst of its cases, see results_add_case(); NA while there are none */
    enum blame blame;     /* of an ERROR */
    char *how;            /* this and message are those of the first case with that verdict; after a PASS, how is NULL,
                           * and message is the first remark of a case that passed, or NULL */
    char *message;
    int64_t ms;                /* of its cases together */
    struct case_result *cases; /* in the order of their numbers */
    size_t case_count;
};

/* Under which circumstances a run was made, so that its report can be held against another's. NULL: not known. */
struct identity {
    char *started; /* UTC, RFC 3339: "2026-01-31T12:00:00Z" */
    char *host;
    char *command;        /* the command line, as a shell takes it */
    char *level;          /* --level: must or should */
    char *seed;           /* decimal; a number in JSON would be too large for many readers */
    char *baseline;       /* its path */
    char **declares;      /* of the manifest; NULL-terminated */
    char *driver_name;    /* what the driver calls itself and its version in hello */
    char *driver_version; /* known later than all the others */
};

struct results {
    char *version;
    char *set;
    char *target;
    struct identity identity;
    size_t planned_checks; /* how many the run set out to judge; 0: not said */
    size_t planned_cases;
    unsigned shard; /* which part of the selection it was, of so many (--shard): 1 of 1 is all of it */
    unsigned shards;
    int64_t wall_ms;
    bool interrupted;             /* what is here is not all */
    int signal;                   /* that interrupted the run; 0: not known */
    size_t counts[VERDICT_COUNT]; /* of checks that have a case */
    struct check_result *checks;
    size_t check_count;
};

void results_init(struct results *results, const char *version, const char *set, const char *target);
void results_free(struct results *results);

/* Copies the identity; what was known before is replaced. */
void results_identify(struct results *results, const struct identity *identity);

/* The new check is in the order of the call; it lives until results_free(), but its address may change. The lists end
 * with a NULL, or are full (CHECK_ORIGINS_MAX, CHECK_TAGS_MAX), as in a struct check; NULL is an empty one. */
size_t results_add_check(struct results *results, const char *id, const char *title, const char *level,
                         const char *const *origins, const char *const *tags);

/* Copies the case, and folds it into the verdict, how, message and ms of its check and into the counts.
 *
 * The verdict of a check is the worst of its cases, by FAIL > ERROR > XPASS > WARN > XFAIL > PASS > NA, and among
 * ERRORs by harness > target > environment. Cases that are NA do not spoil a PASS; but the first case that is no
 * control states the requirement, so where that one is NA a check that would pass is NA, for the same reason.
 *
 * A case of that name that is there already has run again (--repeat): the worse of the two stays, its runs, failed and
 * ms are added up. There an XFAIL is worse than an XPASS: what fails once in 50 does fail, as the baseline says. */
void results_add_case(struct results *results, size_t check_number, const struct case_result *result);

void case_result_free(struct case_result *result); /* what it points to, not the struct */

/* How many cases of the check say something of the target: they are neither NA nor ERROR. */
size_t check_result_judged(const struct check_result *check);

/* "7 cases", or "2 of 7 cases judged". */
void check_result_cases(const struct check_result *check, char *text, size_t size);

/* The first check of that id, or NULL. */
const struct check_result *results_find(const struct results *results, const char *id);

const char *verdict_name(enum verdict verdict); /* "PASS" and so on */
const char *blame_name(enum blame blame);       /* "target" and so on; BLAME_NONE is "nobody" */

/* crash, hang and leak: these fail at any level. how may be NULL. */
bool verdict_is_severe(const char *how);

/* FAIL, XPASS and ERROR: what turns a run red and has to be explained. */
bool verdict_is_red(enum verdict verdict);

/* What the process exits with. The first line that holds decides:
 *   130, 143  interrupted: 128 and the signal (130 when it is not known)
 *   1         a case FAILs or XPASSes, even if there were ERRORs too: a requirement is violated, or no longer is
 *   70        ERROR of the harness: our own bug, so nothing else can be believed
 *   3         ERROR of the target or of the environment: inconclusive
 *   4         nothing ran, or fewer than `min` checks passed
 *   0         otherwise */
int results_exit_code(const struct results *results, size_t min);

/* Rebuilds the model from an event stream (report/jsonl.h), strictly: known events with all their members and no
 * others, each check before its cases, nothing after the end. A stream that lacks its end comes from a run that was
 * killed: it is read, without the half line that may stand last, and `interrupted` is set. Blocks for the file.
 * False: err says which line is wrong and why, and results is empty; results_free() is allowed either way. */
bool results_read(struct results *results, const char *path, struct error *err);

/* Adds what another run of the same target, set and version of assay has found, of other rooms (--shard), or of the
 * same ones again; whether a part is missing is not looked at. Where their identities differ, both are said; the run
 * took as long as the longer one. False: err says in what they differ, and nothing was changed. */
bool results_merge(struct results *into, const struct results *other, struct error *err);

#endif
