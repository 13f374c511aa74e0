/* The matrix of all mutants against all rooms: a JSON file for programs, a table for people. */
#include "base/error.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "json/json.h"
#include "red/campaign.h"
#include "red/trials.h"
#include "red/write.h"

#include <stdlib.h>
#include <string.h>

enum { MATRIX_MAX_BYTES = 64 << 20, PATH_MAX_BYTES = 4096, ALL_ROOMS_TIMEOUT_MS = 120 * 60 * 1000 };

struct sighting { /* a case that sees the mutant */
    size_t room;  /* its place in the matrix */
    char *name;
};

struct matrix {
    const struct mutants *mutants;
    struct trial *trials;     /* one per mutant */
    struct seen {             /* all that is kept of a mutant's results, which may be megabytes */
        struct sighting *all; /* those of one room stand together */
        size_t count;
    } * seen; /* one per mutant */
    FILE *lines;
    char **rooms; /* every room that any of the runs told of */
    size_t room_count;
};

static bool is_seen(const struct case_result *result)
{
    return result->verdict == VERDICT_FAIL || result->verdict == VERDICT_WARN;
}

static char *copy_of(const char *string)
{
    return strcpy(xalloc_resize(NULL, strlen(string) + 1, 1), string);
}

/* The place of the room, which is new if nobody told of it before. */
static size_t place_of(struct matrix *matrix, const char *id)
{
    for (size_t i = 0; i < matrix->room_count; i++)
        if (strcmp(matrix->rooms[i], id) == 0)
            return i;
    matrix->rooms = xalloc_resize(matrix->rooms, matrix->room_count + 1, sizeof *matrix->rooms);
    matrix->rooms[matrix->room_count] = copy_of(id);
    return matrix->room_count++;
}

static void keep_what_is_seen(struct matrix *matrix, struct seen *seen, const struct check_result *check)
{
    size_t room = place_of(matrix, check->id);

    for (size_t i = 0; i < check->case_count; i++) {
        if (!is_seen(&check->cases[i]))
            continue;
        seen->all = xalloc_resize(seen->all, seen->count + 1, sizeof *seen->all);
        seen->all[seen->count++] = (struct sighting){room, copy_of(check->cases[i].name)};
    }
}

static void run_is_done(void *context, struct trial *trial)
{
    struct matrix *matrix = context;
    size_t number = (size_t)(trial - matrix->trials);
    const struct mutant *mutant = &matrix->mutants->all[number];

    if (trial->judged) {
        for (size_t i = 0; i < trial->results.check_count; i++)
            keep_what_is_seen(matrix, &matrix->seen[number], &trial->results.checks[i]);
        results_free(&trial->results);
    }
    fprintf(matrix->lines, "%s  %s/%s  %.1f s\n", trial->judged ? "done" : "LOST", mutant->check, mutant->patch,
            (double)trial->ms / 1000);
    fflush(matrix->lines);
}

static size_t count_seen(const struct seen *seen, size_t room)
{
    size_t count = 0;

    for (size_t i = 0; i < seen->count; i++)
        count += seen->all[i].room == room;
    return count;
}

/* ---- for programs ---- */

static void write_seen(struct json_writer *writer, const struct matrix *matrix, const struct seen *seen)
{
    json_key(writer, "seen");
    json_open(writer, '{');
    for (size_t i = 0; i < matrix->room_count; i++) {
        if (count_seen(seen, i) == 0)
            continue;
        json_key(writer, matrix->rooms[i]);
        json_open(writer, '[');
        for (size_t j = 0; j < seen->count; j++)
            if (seen->all[j].room == i)
                json_string(writer, seen->all[j].name);
        json_close(writer, ']');
    }
    json_close(writer, '}');
}

static void write_json(const struct matrix *matrix, struct text *text)
{
    struct json_writer writer = json_write(text);

    json_open(&writer, '{');
    json_key(&writer, "rooms");
    json_open(&writer, '[');
    for (size_t i = 0; i < matrix->room_count; i++)
        json_string(&writer, matrix->rooms[i]);
    json_close(&writer, ']');
    json_key(&writer, "mutants");
    json_open(&writer, '[');
    for (size_t i = 0; i < matrix->mutants->count; i++) {
        json_open(&writer, '{');
        json_member(&writer, "check", matrix->mutants->all[i].check);
        json_member(&writer, "patch", matrix->mutants->all[i].patch);
        json_member(&writer, "why", matrix->trials[i].judged ? NULL : matrix->trials[i].why.text);
        write_seen(&writer, matrix, &matrix->seen[i]);
        json_close(&writer, '}');
    }
    json_close(&writer, ']');
    json_close(&writer, '}');
    text_add(text, "\n");
}

/* ---- for people ---- */

/* A cell: how many cases of the room see the mutant, in bold where they have to. */
static void write_cell(struct text *text, const struct matrix *matrix, size_t mutant, size_t room)
{
    size_t count = count_seen(&matrix->seen[mutant], room);

    if (!matrix->trials[mutant].judged)
        text_add(text, " ? |");
    else if (strcmp(matrix->rooms[room], matrix->mutants->all[mutant].check) == 0)
        text_addf(text, " **%zu** |", count);
    else if (count > 0)
        text_addf(text, " %zu |", count);
    else
        text_add(text, " |");
}

static void write_table(const struct matrix *matrix, struct text *text)
{
    text_add(text, "| Mutant |");
    for (size_t i = 0; i < matrix->room_count; i++)
        text_addf(text, " %zu |", i + 1);
    text_add(text, "\n|---|");
    for (size_t i = 0; i < matrix->room_count; i++)
        text_add(text, "---:|");
    text_add(text, "\n");
    for (size_t i = 0; i < matrix->mutants->count; i++) {
        const struct mutant *mutant = &matrix->mutants->all[i];

        text_addf(text, "| `%s/%s` |", mutant->check, mutant->patch);
        for (size_t j = 0; j < matrix->room_count; j++)
            write_cell(text, matrix, i, j);
        text_add(text, "\n");
    }
}

static void write_cases(const struct matrix *matrix, const struct seen *seen, struct text *text)
{
    for (size_t i = 0; i < matrix->room_count; i++) {
        if (count_seen(seen, i) == 0)
            continue;
        text_addf(text, "- `%s`:", matrix->rooms[i]);
        for (size_t j = 0; j < seen->count; j++)
            if (seen->all[j].room == i)
                text_addf(text, " `%s`", seen->all[j].name);
        text_add(text, "\n");
    }
}

static void write_page(const struct matrix *matrix, struct text *text)
{
    text_add(text,
             "# Which rooms see which mutants\n\nA number says how many cases of the room FAIL on the mutant; it is "
             "bold in the mutant's own room.\nA question mark says that the run left no results.\n\n");
    for (size_t i = 0; i < matrix->room_count; i++)
        text_addf(text, "%zu. `%s`\n", i + 1, matrix->rooms[i]);
    text_add(text, "\n");
    write_table(matrix, text);
    text_add(text, "\n## The cases\n");
    for (size_t i = 0; i < matrix->mutants->count; i++) {
        text_addf(text, "\n### `%s/%s`\n\n", matrix->mutants->all[i].check, matrix->mutants->all[i].patch);
        if (matrix->trials[i].judged) {
            write_cases(matrix, &matrix->seen[i], text);
        } else {
            text_add(text, "    ");
            text_add_visible(text, matrix->trials[i].why.text, strlen(matrix->trials[i].why.text), ERROR_TEXT_BYTES);
            text_add(text, "\n");
        }
    }
}

/* ---- all of it ---- */

static bool write_as(const struct matrix *matrix, const char *path, void (*write)(const struct matrix *, struct text *))
{
    struct text text;

    text_init(&text, MATRIX_MAX_BYTES);
    write(matrix, &text);
    struct error err;
    bool written = write_file(path, &text, &err);
    if (!written)
        fprintf(matrix->lines, "%s\n", err.text);
    text_free(&text);
    return written;
}

static bool write_files(const struct matrix *matrix, const char *path)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') : path;
    const char *end = strrchr(name, '.');
    struct text page;

    text_init(&page, PATH_MAX_BYTES);
    text_add_bytes(&page, path, end ? (size_t)(end - path) : strlen(path));
    text_add(&page, ".md");
    bool written = write_as(matrix, path, write_json) && write_as(matrix, page.bytes, write_page);
    text_free(&page);
    return written;
}

static void free_matrix(struct matrix *matrix)
{
    for (size_t i = 0; i < matrix->mutants->count; i++) {
        for (size_t j = 0; j < matrix->seen[i].count; j++)
            free(matrix->seen[i].all[j].name);
        free(matrix->seen[i].all);
    }
    for (size_t i = 0; i < matrix->room_count; i++)
        free(matrix->rooms[i]);
    free(matrix->rooms);
    free(matrix->seen);
    free(matrix->trials);
}

static int run_all(struct matrix *matrix, const struct campaign_options *options)
{
    struct trials trials = {
        .assay = options->assay,
        .directory = options->directory,
        .jobs = options->jobs,
        .all = matrix->trials,
        .count = matrix->mutants->count,
        .done = run_is_done,
        .context = matrix,
    };
    size_t judged = 0;

    int signal = trials_run(&trials);
    if (!write_files(matrix, options->out))
        return 2;
    for (size_t i = 0; i < trials.count; i++)
        judged += matrix->trials[i].judged;
    if (signal)
        return 128 + signal;
    return judged == trials.count && judged > 0 ? 0 : 1;
}

int matrix_run(const struct campaign_options *options, const struct mutants *mutants, FILE *lines)
{
    struct matrix matrix = {.mutants = mutants, .lines = lines};

    matrix.trials = xalloc_resize(NULL, mutants->count ? mutants->count : 1, sizeof *matrix.trials);
    matrix.seen = xalloc_resize(NULL, mutants->count ? mutants->count : 1, sizeof *matrix.seen);
    for (size_t i = 0; i < mutants->count; i++) {
        matrix.seen[i] = (struct seen){0};
        matrix.trials[i] = (struct trial){.target = mutants->all[i].target,
                                          .label = mutants->all[i].patch,
                                          .timeout_ms = ALL_ROOMS_TIMEOUT_MS,
                                          .why = {"it did not run"}};
    }
    int code = run_all(&matrix, options);
    free_matrix(&matrix);
    return code;
}
