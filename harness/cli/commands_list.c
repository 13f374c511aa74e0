/* `assay list`: the rooms, a line each, or as JSON. `assay explain`: one of them, from its README and its check. */
#include "base/error.h"
#include "cli/commands.h"
#include "cli/markdown.h"
#include "model/room.h"
#include "model/select.h"
#include "report/report.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 80 };

static bool begins_room(const struct selection *selection, size_t i)
{
    return i == 0 || selection->cases[i].room != selection->cases[i - 1].room;
}

static void list_for_people(const struct selection *selection)
{
    size_t listed = 0;
    int widest = 0;

    for (size_t i = 0; i < selection->count; i++) {
        int bytes = (int)strlen(selection->cases[i].room->id);

        widest = bytes > widest ? bytes : widest;
    }
    for (size_t i = 0; i < selection->count; i++) {
        const struct room *room = selection->cases[i].room;

        if (!begins_room(selection, i))
            continue;
        printf("%-*s  %-6s  %s\n", widest, room->id, level_name(room->check->level), room->check->title);
        listed++;
    }
    printf("\n%zu room%s, %zu case%s\n", listed, listed == 1 ? "" : "s", selection->count,
           selection->count == 1 ? "" : "s");
}

static void list_for_machines(const struct selection *selection, const char *set)
{
    struct results results;
    size_t check = 0;

    results_init(&results, ASSAY_VERSION, set, NULL);
    for (size_t i = 0; i < selection->count; i++) {
        const struct selected_case *chosen = &selection->cases[i];
        const struct check_case *test = &chosen->room->check->cases[chosen->number];

        if (begins_room(selection, i))
            check = room_add_to(&results, chosen->room);
        results_add_case(&results, check,
                         &(struct case_result){.name = (char *)test->name,
                                               .number = chosen->number,
                                               .control = test->control,
                                               .level = (char *)level_name(room_level(chosen->room, chosen->number)),
                                               .verdict = VERDICT_NA});
    }
    json_list(&results, stdout);
    results_free(&results);
}

int command_list(const struct options *options)
{
    struct selection selection;
    struct error err;

    if (!select_cases(rooms, room_count, options->select, options->select_count, options->set, &selection, &err)) {
        command_complain("%s", err.text);
        return EXIT_WRONG_USAGE;
    }
    if (options->json)
        list_for_machines(&selection, options->set);
    else
        list_for_people(&selection);
    selection_free(&selection);
    return 0;
}

/* ---- explain ---- */

static void print_list(const char *label, const char *const *entries, size_t max)
{
    if (!entries[0])
        return;
    printf("%-8s ", label);
    for (size_t i = 0; i < max && entries[i]; i++)
        printf("%s%s", i ? ", " : "", entries[i]);
    putchar('\n');
}

static void explain_case(const char *label, const struct room *room, size_t number)
{
    const struct check_case *test = &room->check->cases[number];
    enum level level = room_level(room, number);

    printf("%-8s %s%s%s", label, test->name, test->control ? " (control)" : "", test->promised ? " (seeds)" : "");
    if (level != room->check->level)
        printf(" (%s)", level_name(level));
    putchar('\n');
}

static void explain(const struct room *room)
{
    static const char *const levels[] = {
        [MUST] = "must", [SHOULD] = "should: fails a run only with --level should", [INFO] = "info: never fails a run"};
    const struct check *check = room->check;

    markdown_print(room->readme, COLUMNS, stdout);
    printf("\nIn assay\n--------\n\n");
    printf("%-8s %s\n%-8s %s\n", "id", room->id, "level", levels[check->level]);
    print_list("tags", check->tags, CHECK_TAGS_MAX);
    print_list("origins", check->origins, CHECK_ORIGINS_MAX);
    if (check->stricter)
        printf("%-8s than the original, of which %s\n", "stricter", check->stricter);
    for (size_t i = 0; i < select_case_count(check); i++)
        explain_case(i ? "" : "cases", room, i);
    printf("%-8s assay run %s\n", "run it", room->id);
}

int command_explain(const struct options *options)
{
    uint64_t *masks = select_masks(room_count);
    struct error err;
    bool found = select_match(rooms, room_count, options->select[0], masks, &err);
    bool first = true;

    if (!found)
        command_complain("%s", err.text);
    for (size_t i = 0; i < room_count && found; i++) {
        if (!masks[i])
            continue;
        if (!first)
            printf("\n\n");
        explain(&rooms[i]);
        first = false;
    }
    free(masks);
    return found ? 0 : EXIT_WRONG_USAGE;
}
