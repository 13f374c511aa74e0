/* A campaign: the rooms on the reference first, then on each mutant, and a line for every verdict. */
#include "red/campaign.h"

#include "base/error.h"
#include "base/text.h"
#include "base/xalloc.h"
#include "json/json.h"
#include "red/kills.h"
#include "red/trials.h"
#include "red/write.h"
#include "report/escape.h"
#include "report/style.h"

#include <stdlib.h>
#include <string.h>

enum { OUT_MAX_BYTES = 32 << 20, ROOM_TIMEOUT_MS = 10 * 60 * 1000 };

struct room {
    const char *check;
    bool green;
    struct error why;                  /* not */
    char *controls[TRIALS_SELECT_MAX]; /* "room:case" */
    size_t control_count;
};

struct tally { /* of one mutant */
    unsigned runs, kills;
    int64_t ms;
    bool settled;
    struct error why;                      /* it survived, the first time */
    char *test;                            /* "room:case" */
    const char *select[TRIALS_SELECT_MAX]; /* the test and the controls of the room: of the others nothing is asked */
};

struct campaign {
    const struct campaign_options *options;
    const struct mutants *mutants;
    FILE *lines;
    struct room *rooms; /* as many as mutants have, each once */
    size_t room_count;
    struct tally *tallies;       /* one per mutant */
    const struct mutant **tried; /* whose trial is the n-th */
    struct trial *trials;
};

static void *zeroed(size_t count, size_t bytes_each)
{
    void *memory = xalloc_resize(NULL, count ? count : 1, bytes_each);

    return memset(memory, 0, (count ? count : 1) * bytes_each);
}

/* ---- what is printed and written ---- */

static bool was_killed(const struct tally *tally)
{
    return tally->runs > 0 && tally->kills == tally->runs;
}

static void print_survivor(const struct campaign *campaign, const struct mutant *mutant, const struct tally *tally)
{
    fputs("          ", campaign->lines);
    escape_line(campaign->lines, tally->why.text);
    fprintf(campaign->lines, "\n          see it: %s run --level should --target %s %s:%s\n", campaign->options->assay,
            mutant->target, mutant->check, mutant->test);
}

static void settle(struct campaign *campaign, const struct mutant *mutant)
{
    struct tally *tally = &campaign->tallies[mutant - campaign->mutants->all];
    bool killed = was_killed(tally);
    bool color = campaign->options->color;

    tally->settled = true;
    fprintf(campaign->lines, "%s%s%s  %s/%s  %u of %u  %.1f s\n",
            style_begin(killed ? VERDICT_PASS : VERDICT_FAIL, color), killed ? "killed  " : "SURVIVED",
            style_end(color), mutant->check, mutant->patch, tally->kills, tally->runs, (double)tally->ms / 1000);
    if (!killed)
        print_survivor(campaign, mutant, tally);
    fflush(campaign->lines);
}

static bool write_out(const struct campaign *campaign, size_t killed)
{
    struct text text;

    text_init(&text, OUT_MAX_BYTES);
    struct json_writer writer = json_write(&text);
    json_open(&writer, '{');
    json_member_integer(&writer, "mutants", (int64_t)campaign->mutants->count);
    json_member_integer(&writer, "killed", (int64_t)killed);
    json_key(&writer, "survivors");
    json_open(&writer, '[');
    for (size_t i = 0; i < campaign->mutants->count; i++) {
        if (was_killed(&campaign->tallies[i]))
            continue;
        json_open(&writer, '{');
        json_member(&writer, "check", campaign->mutants->all[i].check);
        json_member(&writer, "patch", campaign->mutants->all[i].patch);
        json_member(&writer, "why", campaign->tallies[i].why.text);
        json_close(&writer, '}');
    }
    json_close(&writer, ']');
    json_close(&writer, '}');
    text_add(&text, "\n");
    struct error err;
    bool written = write_file(campaign->options->out, &text, &err);
    if (!written)
        fprintf(campaign->lines, "%s\n", err.text);
    text_free(&text);
    return written;
}

/* ---- first, the rooms on the reference ---- */

static struct room *find_room(const struct campaign *campaign, const char *check)
{
    for (size_t i = 0; i < campaign->room_count; i++)
        if (strcmp(campaign->rooms[i].check, check) == 0)
            return &campaign->rooms[i];
    return NULL;
}

static void list_rooms(struct campaign *campaign)
{
    for (size_t i = 0; i < campaign->mutants->count; i++)
        if (!find_room(campaign, campaign->mutants->all[i].check))
            campaign->rooms[campaign->room_count++].check = campaign->mutants->all[i].check;
}

static char *case_of(const char *check, const char *name)
{
    struct text text;

    text_init(&text, ERROR_TEXT_BYTES);
    text_addf(&text, "%s:%s", check, name);
    return text_take(&text);
}

static void keep_controls(struct room *room, const struct check_result *check)
{
    for (size_t i = 0; check && i < check->case_count && room->control_count < TRIALS_SELECT_MAX - 2; i++)
        if (check->cases[i].control)
            room->controls[room->control_count++] = case_of(room->check, check->cases[i].name);
}

static void reference_is_done(void *context, struct trial *trial)
{
    struct campaign *campaign = context;
    struct room *room = find_room(campaign, trial->check);

    if (!trial->judged) {
        room->why = trial->why;
        return;
    }
    room->green = kills_green(&trial->results, trial->check, &room->why);
    keep_controls(room, results_find(&trial->results, trial->check));
    results_free(&trial->results);
}

static int run_trials(struct campaign *campaign, size_t count, void (*done)(void *, struct trial *))
{
    struct trials trials = {
        .assay = campaign->options->assay,
        .directory = campaign->options->directory,
        .jobs = campaign->options->jobs,
        .all = campaign->trials,
        .count = count,
        .done = done,
        .context = campaign,
    };

    return trials_run(&trials);
}

static int run_reference(struct campaign *campaign)
{
    for (size_t i = 0; i < campaign->room_count; i++)
        campaign->trials[i] = (struct trial){
            .check = campaign->rooms[i].check, .label = "on the reference", .timeout_ms = ROOM_TIMEOUT_MS};
    return run_trials(campaign, campaign->room_count, reference_is_done);
}

/* ---- then, the mutants ---- */

static void mutant_is_done(void *context, struct trial *trial)
{
    struct campaign *campaign = context;
    const struct mutant *mutant = campaign->tried[trial - campaign->trials];
    struct tally *tally = &campaign->tallies[mutant - campaign->mutants->all];
    struct error err;
    bool killed = false;

    if (trial->judged) {
        killed = kills_mutant(&trial->results, mutant, &err);
        results_free(&trial->results);
    } else {
        err = trial->why;
    }
    tally->runs++;
    tally->kills += killed;
    tally->ms += trial->ms;
    if (!killed && !tally->why.text[0])
        tally->why = err;
    if (tally->runs == campaign->options->repeat)
        settle(campaign, mutant);
}

static void select_cases(struct tally *tally, const struct mutant *mutant, const struct room *room)
{
    tally->test = case_of(mutant->check, mutant->test);
    tally->select[0] = tally->test;
    for (size_t i = 0; i < room->control_count; i++)
        tally->select[i + 1] = room->controls[i];
}

/* A mutant whose room is not green is not tried: whatever the room says of it, it says nothing about the bug. */
static size_t list_trials(struct campaign *campaign)
{
    size_t count = 0;

    for (size_t i = 0; i < campaign->mutants->count; i++) {
        const struct mutant *mutant = &campaign->mutants->all[i];
        const struct room *room = find_room(campaign, mutant->check);

        if (!room->green) {
            error_set(&campaign->tallies[i].why, "the room is not green: %s", room->why.text);
            settle(campaign, mutant);
            continue;
        }
        select_cases(&campaign->tallies[i], mutant, room);
        for (unsigned run = 0; run < campaign->options->repeat; run++, count++) {
            campaign->tried[count] = mutant;
            campaign->trials[count] = (struct trial){.check = mutant->check,
                                                     .select = campaign->tallies[i].select,
                                                     .target = mutant->target,
                                                     .label = mutant->patch,
                                                     .timeout_ms = ROOM_TIMEOUT_MS};
        }
    }
    return count;
}

static void mark_untried(struct campaign *campaign)
{
    for (size_t i = 0; i < campaign->mutants->count; i++)
        if (!campaign->tallies[i].settled)
            error_set(&campaign->tallies[i].why, "interrupted before it was settled");
}

static int conclude(struct campaign *campaign, int signal)
{
    size_t killed = 0;

    if (signal)
        mark_untried(campaign);
    for (size_t i = 0; i < campaign->mutants->count; i++)
        killed += was_killed(&campaign->tallies[i]);
    fprintf(campaign->lines, "%zu of %zu mutants killed\n", killed, campaign->mutants->count);
    if (!write_out(campaign, killed))
        return 2;
    if (signal)
        return 128 + signal;
    return killed == campaign->mutants->count && killed > 0 ? 0 : 1;
}

static int run_all(struct campaign *campaign)
{
    list_rooms(campaign);
    int signal = run_reference(campaign);
    if (!signal)
        signal = run_trials(campaign, list_trials(campaign), mutant_is_done);
    return conclude(campaign, signal);
}

int campaign_run(const struct campaign_options *options, const struct mutants *mutants, FILE *lines)
{
    size_t trials = mutants->count * options->repeat;
    struct campaign campaign = {
        .options = options,
        .mutants = mutants,
        .lines = lines,
        .rooms = zeroed(mutants->count, sizeof *campaign.rooms),
        .tallies = zeroed(mutants->count, sizeof *campaign.tallies),
        .tried = zeroed(trials, sizeof *campaign.tried),
        .trials = zeroed(trials, sizeof *campaign.trials),
    };

    int code = run_all(&campaign);
    for (size_t i = 0; i < mutants->count; i++)
        free(campaign.tallies[i].test);
    for (size_t i = 0; i < campaign.room_count; i++)
        for (size_t j = 0; j < campaign.rooms[i].control_count; j++)
            free(campaign.rooms[i].controls[j]);
    free(campaign.rooms);
    free(campaign.tallies);
    free(campaign.tried);
    free(campaign.trials);
    return code;
}
