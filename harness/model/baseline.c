/* Reads the lines of a baseline, applies them to verdicts, and rewrites the file after a run. */
#include "model/baseline.h"

#include "base/error.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "model/select.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct baseline {
    const struct room *all;
    size_t count;
    struct text text;    /* of the file */
    uint64_t *fails;     /* per room, a bit for each case that is known to fail */
    uint64_t *tolerated; /* these, and those that may fail: controls of rooms that are named as a whole */
    uint64_t *sometimes; /* of these, those that are known to pass now and then */
};

static const char sometimes[] = "sometimes";

struct baseline *baseline_new(const struct room *all, size_t count)
{
    struct baseline *baseline = xalloc_resize(NULL, 1, sizeof *baseline);

    *baseline = (struct baseline){
        .all = all,
        .count = count,
        .fails = select_masks(count),
        .tolerated = select_masks(count),
        .sometimes = select_masks(count),
    };
    text_init(&baseline->text, BASELINE_MAX_BYTES);
    return baseline;
}

void baseline_free(struct baseline *baseline)
{
    if (!baseline)
        return;
    text_free(&baseline->text);
    free(baseline->fails);
    free(baseline->tolerated);
    free(baseline->sometimes);
    free(baseline);
}

/* ---- lines ---- */

/* What a line names: one room, and a mask of its cases. Patterns are refused: they would take in the failures of rooms
 * that are yet to come. */
static bool resolve(const struct baseline *baseline, const char *entry, size_t *room, uint64_t *cases,
                    struct error *err)
{
    uint64_t *masks;
    bool right = false;

    if (!strchr(entry, '/') || strpbrk(entry, "*?[\\!@")) {
        error_set(err, "'%s' is neither ROOM nor ROOM:CASE, as in store/sequence-order", entry);
        return false;
    }
    masks = select_masks(baseline->count);
    if (select_match(baseline->all, baseline->count, entry, masks, err)) {
        for (*room = 0; !masks[*room]; ++*room)
            ;
        *cases = masks[*room];
        right = true;
    }
    free(masks);
    return right;
}

/* Of the cases that a line names, those that it says fail: a room as a whole leaves its controls out. */
static uint64_t said_to_fail(const struct baseline *baseline, const char *entry, size_t room, uint64_t cases)
{
    const struct check *check = baseline->all[room].check;

    for (size_t i = 0; i < select_case_count(check) && !strchr(entry, ':'); i++) {
        if (check->cases[i].control)
            cases &= ~(UINT64_C(1) << i);
    }
    return cases;
}

/* Leaves the name, and says whether the word stood behind it. */
static bool cut_sometimes(char *entry)
{
    size_t bytes = strcspn(entry, " \t");
    const char *word = entry + bytes + strspn(entry + bytes, " \t");
    bool found = strcmp(word, sometimes) == 0;

    if (found)
        entry[bytes] = '\0';
    return found;
}

static bool take_line(struct baseline *baseline, struct file_lines *lines, struct error *err)
{
    bool may_pass = cut_sometimes(lines->entry);
    size_t room;
    uint64_t cases;

    if (lines->broken) {
        error_set(err, "longer than any name, or no text");
        return false;
    }
    if (!lines->entry[0])
        return true;
    if (strpbrk(lines->entry, " \t")) {
        error_set(err, "behind the name in '%s' may stand 'sometimes', or a # and a comment", lines->entry);
        return false;
    }
    if (!resolve(baseline, lines->entry, &room, &cases, err))
        return false;
    baseline->tolerated[room] |= cases;
    baseline->fails[room] |= said_to_fail(baseline, lines->entry, room, cases);
    if (may_pass)
        baseline->sometimes[room] |= cases;
    return true;
}

struct baseline *baseline_read(const char *path, const struct room *all, size_t count, struct error *err)
{
    struct baseline *baseline;
    struct text text;
    struct file_lines lines;
    struct error why;

    if (!file_read(path, BASELINE_MAX_BYTES, &text, err))
        return NULL;
    baseline = baseline_new(all, count);
    text_free(&baseline->text);
    baseline->text = text;
    lines = file_lines(&baseline->text);
    while (file_next_line(&lines)) {
        if (take_line(baseline, &lines, &why))
            continue;
        error_set(err, "%s:%zu: %s", path, lines.number, why.text);
        baseline_free(baseline);
        return NULL;
    }
    return baseline;
}

/* ---- verdicts ---- */

static bool find_case(const struct baseline *baseline, const char *id, const char *test, size_t *room, uint64_t *bit)
{
    for (*room = 0; *room < baseline->count; ++*room) {
        const struct check *check = baseline->all[*room].check;

        if (strcmp(baseline->all[*room].id, id) != 0)
            continue;
        for (size_t i = 0; i < select_case_count(check); i++) {
            *bit = UINT64_C(1) << i;
            if (strcmp(check->cases[i].name, test) == 0)
                return true;
        }
    }
    return false;
}

static bool passes_now(const struct baseline *baseline, size_t room, uint64_t bit, unsigned passed)
{
    return passed >= (baseline->sometimes[room] & bit ? BASELINE_SOMETIMES_RUNS : 1);
}

enum verdict baseline_verdict(const struct baseline *baseline, const char *id, const char *test, enum verdict verdict,
                              unsigned passed)
{
    size_t room;
    uint64_t bit;

    if (!find_case(baseline, id, test, &room, &bit))
        return verdict;
    if (verdict == VERDICT_FAIL && (baseline->tolerated[room] & bit))
        return VERDICT_XFAIL;
    if (verdict == VERDICT_PASS && (baseline->fails[room] & bit) && passes_now(baseline, room, bit, passed))
        return VERDICT_XPASS;
    return verdict;
}

/* ---- writing ---- */

/* What the run has found of each case, a bit per case. */
struct found {
    uint64_t *failed;
    uint64_t *flaky; /* of these, those that passed as well */
    uint64_t *passed;
};

static void judge_case(const struct baseline *baseline, const char *id, const struct case_result *result,
                       struct found *found)
{
    size_t room;
    uint64_t bit;

    if (!find_case(baseline, id, result->name, &room, &bit))
        return;
    if (result->verdict == VERDICT_FAIL) {
        found->failed[room] |= bit;
        if (result->failed < result->runs)
            found->flaky[room] |= bit;
    } else if (result->verdict == VERDICT_PASS && passes_now(baseline, room, bit, result->runs)) {
        found->passed[room] |= bit;
    }
}

static void judge(const struct baseline *baseline, const struct results *results, struct found *found)
{
    for (size_t c = 0; c < results->check_count; c++)
        for (size_t i = 0; i < results->checks[c].case_count; i++)
            judge_case(baseline, results->checks[c].id, &results->checks[c].cases[i], found);
}

/* The old lines that still hold. What they name needs no new line, so it is failed no more; what a line that goes had
 * named and has not passed is failed, in its manner. */
static void keep_lines(const struct baseline *before, const struct found *found, struct text *out)
{
    struct file_lines lines = file_lines(&before->text);

    while (file_next_line(&lines)) {
        struct error err;
        size_t room;
        uint64_t cases;
        bool may_pass = cut_sometimes(lines.entry);

        if (lines.entry[0] && resolve(before, lines.entry, &room, &cases, &err)) {
            uint64_t named = said_to_fail(before, lines.entry, room, cases);

            if (named & found->passed[room]) {
                found->failed[room] |= named & ~found->passed[room];
                found->flaky[room] |= may_pass ? named : 0;
                continue;
            }
            found->failed[room] &= ~cases;
        }
        text_add_bytes(out, lines.line, lines.line_bytes);
        text_add(out, "\n");
    }
}

static void add_lines(const struct baseline *before, const struct found *found, struct text *out)
{
    for (size_t room = 0; room < before->count; room++) {
        const struct check *check = before->all[room].check;

        for (size_t i = 0; i < select_case_count(check); i++) {
            if (found->failed[room] >> i & 1)
                text_addf(out, "%s:%s%s%s\n", before->all[room].id, check->cases[i].name,
                          found->flaky[room] >> i & 1 ? " " : "", found->flaky[room] >> i & 1 ? sometimes : "");
        }
    }
}

/* A new file takes the old one's place by rename(2), so that nobody ever finds half of it. */
static bool replace(const char *path, const struct text *text, struct error *err)
{
    char *temporary = NULL;
    FILE *out = NULL;
    int fd;
    bool done = false;

    if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
        abort();
    fd = mkostemp(temporary, O_CLOEXEC);
    if (fd >= 0 && fchmod(fd, 0644) == 0)
        out = fdopen(fd, "w");
    if (out)
        done = fwrite(text->bytes, 1, text->length, out) == text->length && fflush(out) == 0 && fsync(fd) == 0 &&
               rename(temporary, path) == 0;
    if (!done)
        error_set(err, "cannot write the baseline %s: %s", path, strerror(errno));
    if (fd >= 0 && !done)
        unlink(temporary);
    if (out)
        fclose(out);
    else if (fd >= 0)
        close(fd);
    free(temporary);
    return done;
}

bool baseline_write(const struct baseline *before, const char *path, const struct results *results, size_t *known,
                    struct error *err)
{
    struct found found = {
        .failed = select_masks(before->count),
        .flaky = select_masks(before->count),
        .passed = select_masks(before->count),
    };
    struct text text;
    bool done;

    judge(before, results, &found);
    *known = 0;
    for (size_t room = 0; room < before->count; room++)
        *known += (size_t)__builtin_popcountll((before->fails[room] & ~found.passed[room]) | found.failed[room]);
    text_init(&text, 2 * BASELINE_MAX_BYTES);
    keep_lines(before, &found, &text);
    add_lines(before, &found, &text);
    done = replace(path, &text, err);
    text_free(&text);
    free(found.failed);
    free(found.flaky);
    free(found.passed);
    return done;
}
