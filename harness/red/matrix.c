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

struct matrix {
    const struct mutants *mutants;
    struct trial *trials; /* one per mutant */
    FILE *lines;
    char **rooms; /* every room that any of the runs told of */
    size_t room_count;
};

static bool is_seen(const struct case_result *result)
{
    return result->verdict == VERDICT_FAIL || result->verdict == VERDICT_WARN;
}

static size_t count_seen(const struct check_result *check)
{
    size_t count = 0;

    for (size_t i = 0; check && i < check->case_count; i++)
        count += is_seen(&check->cases[i]);
    return count;
}

static const struct check_result *find_check(const struct trial *trial, const char *room)
{
    return trial->judged ? results_find(&trial->results, room) : NULL;
}

static void add_room(struct matrix *matrix, const char *id)
{
    for (size_t i = 0; i < matrix->room_count; i++)
        if (strcmp(matrix->rooms[i], id) == 0)
            return;
    matrix->rooms = xalloc_resize(matrix->rooms, matrix->room_count + 1, sizeof *matrix->rooms);
    matrix->rooms[matrix->room_count++] = strcpy(xalloc_resize(NULL, strlen(id) + 1, 1), id);
}

static void run_is_done(void *context, struct trial *trial)
{
    struct matrix *matrix = context;
    const struct mutant *mutant = &matrix->mutants->all[trial - matrix->trials];

    for (size_t i = 0; trial->judged && i < trial->results.check_count; i++)
        add_room(matrix, trial->results.checks[i].id);
    fprintf(matrix->lines, "%s  %s/%s  %.1f s\n", trial->judged ? "done" : "LOST", mutant->check, mutant->patch,
            (double)trial->ms / 1000);
    fflush(matrix->lines);
}

/* ---- for programs ---- */

static void write_seen(struct json_writer *writer, const struct matrix *matrix, const struct trial *trial)
{
    json_key(writer, "seen");
    json_open(writer, '{');
    for (size_t i = 0; i < matrix->room_count; i++) {
        const struct check_result *check = find_check(trial, matrix->rooms[i]);

        if (count_seen(check) == 0)
            continue;
        json_key(writer, check->id);
        json_open(writer, '[');
        for (size_t j = 0; j < check->case_count; j++)
            if (is_seen(&check->cases[j]))
                json_string(writer, check->cases[j].name);
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
        write_seen(&writer, matrix, &matrix->trials[i]);
        json_close(&writer, '}');
    }
    json_close(&writer, ']');
    json_close(&writer, '}');
    text_add(text, "\n");
}

/* ---- for people ---- */

/* A cell: how many cases of the room see the mutant, in bold where they have to. */
static void write_cell(struct text *text, const struct trial *trial, const char *room, bool own)
{
    size_t count = count_seen(find_check(trial, room));

    if (!trial->judged)
        text_add(text, " ? |");
    else if (own)
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
            write_cell(text, &matrix->trials[i], matrix->rooms[j], strcmp(matrix->rooms[j], mutant->check) == 0);
        text_add(text, "\n");
    }
}

static void write_cases(const struct matrix *matrix, const struct trial *trial, struct text *text)
{
    for (size_t i = 0; i < matrix->room_count; i++) {
        const struct check_result *check = find_check(trial, matrix->rooms[i]);

        if (count_seen(check) == 0)
            continue;
        text_addf(text, "- `%s`:", check->id);
        for (size_t j = 0; j < check->case_count; j++)
            if (is_seen(&check->cases[j]))
                text_addf(text, " `%s`", check->cases[j].name);
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
            write_cases(matrix, &matrix->trials[i], text);
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
        if (matrix->trials[i].judged)
            results_free(&matrix->trials[i].results);
    }
    for (size_t i = 0; i < matrix->room_count; i++)
        free(matrix->rooms[i]);
    free(matrix->rooms);
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
    for (size_t i = 0; i < mutants->count; i++)
        matrix.trials[i] = (struct trial){.target = mutants->all[i].target,
                                          .label = mutants->all[i].patch,
                                          .timeout_ms = ALL_ROOMS_TIMEOUT_MS,
                                          .why = {"it did not run"}};
    int code = run_all(&matrix, options);
    free_matrix(&matrix);
    return code;
}
