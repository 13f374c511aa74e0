/* `assay probe`: is the driver wired, what does it claim, and which rooms does each missing piece cost? */
#include "base/directory.h"
#include "base/error.h"
#include "cli/commands.h"
#include "json/json.h"
#include "model/room.h"
#include "report/escape.h"
#include "run/capabilities.h"
#include "run/needs.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PIECES_MAX = 64 };

static void print_field(const char *label, const char *value)
{
    printf("%-10s", label);
    escape_line(stdout, value ? value : "not said");
    putchar('\n');
}

static void print_array(const char *label, const struct json *array, const char *empty)
{
    struct text list;

    text_init(&list, 4096);
    for (const struct json *entry = array ? array->child : NULL; entry; entry = entry->next)
        text_addf(&list, "%s%s", list.length ? ", " : "", entry->string ? entry->string : "?");
    print_field(label, list.length ? list.bytes : empty);
    text_free(&list);
}

static void print_hello(const struct json *hello)
{
    const struct json *surfaces = json_get(hello, "surfaces");

    print_field("name", json_get_string(hello, "name"));
    print_field("version", json_get_string(hello, "version"));
    print_field("driver", "answers hello; overlapping calls overlap");
    for (const struct json *surface = surfaces ? surfaces->child : NULL; surface; surface = surface->next)
        print_array(surface->name, surface, "claimed; it has no methods");
    print_array("features", json_get(hello, "features"), "none");
}

static void print_manifest(const struct manifest *manifest)
{
    print_field("target", manifest->name);
    for (const char *const *declared = manifest->declares; *declared; declared++)
        print_field("declares", *declared);
}

static size_t rooms_of_surface(size_t first)
{
    size_t count = 0;

    for (size_t i = 0; i < room_count; i++)
        count += strncmp(rooms[i].id, rooms[first].id, strcspn(rooms[first].id, "/") + 1) == 0;
    return count;
}

struct pieces { /* needs of rooms (check.h) that the target does not meet */
    const char *all[PIECES_MAX];
    size_t count;
};

static bool is_named(const char *const *list, const char *need)
{
    for (size_t i = 0; i < CHECK_NEEDS_MAX && list[i]; i++)
        if (strcmp(list[i], need) == 0)
            return true;
    return false;
}

static bool is_met(const struct capabilities *capabilities, const char *need, struct error *err)
{
    return needs_are_met(need, capabilities->manifest, capabilities->hello, err);
}

/* What is missing of the list, each piece once. */
static void add_pieces(struct pieces *pieces, const struct capabilities *capabilities, const char *const *list)
{
    for (size_t i = 0; i < CHECK_NEEDS_MAX && list[i]; i++) {
        size_t known = 0;

        while (known < pieces->count && strcmp(pieces->all[known], list[i]) != 0)
            known++;
        if (known == pieces->count && known < PIECES_MAX && !is_met(capabilities, list[i], NULL))
            pieces->all[pieces->count++] = list[i];
    }
}

static void print_piece(const struct capabilities *capabilities, const char *piece)
{
    struct error err;

    if (!is_met(capabilities, piece, &err))
        printf("\n%s:\n", err.text);
    for (size_t i = 0; i < room_count; i++)
        if (is_named(rooms[i].check->needs, piece))
            printf("  %s\n", rooms[i].id);
        else if (is_named(rooms[i].check->uses, piece))
            printf("  %s, in part\n", rooms[i].id);
}

static void print_pieces(const struct capabilities *capabilities)
{
    struct pieces pieces = {.count = 0};

    for (size_t i = 0; i < room_count; i++) {
        if (!capabilities_claim_surface(capabilities, &rooms[i], NULL))
            continue;
        add_pieces(&pieces, capabilities, rooms[i].check->needs);
        add_pieces(&pieces, capabilities, rooms[i].check->uses);
    }
    for (size_t i = 0; i < pieces.count; i++)
        print_piece(capabilities, pieces.all[i]);
}

/* One line for each surface, before the pieces of those that are claimed. */
static void print_surfaces(const struct capabilities *capabilities)
{
    struct error err;

    for (size_t i = 0; i < room_count; i++) {
        bool first = i == 0 || strncmp(rooms[i - 1].id, rooms[i].id, strcspn(rooms[i].id, "/") + 1) != 0;

        if (first && !capabilities_claim_surface(capabilities, &rooms[i], &err))
            printf("\n%s, which costs all of its rooms: %zu\n", err.text, rooms_of_surface(i));
    }
}

static void print_rooms(const struct capabilities *capabilities)
{
    size_t lost = 0;

    for (size_t i = 0; i < room_count; i++)
        lost += !capabilities_suffice(capabilities, &rooms[i], NULL);
    printf("\n%zu of %zu rooms can judge this target. What is missing, if anything, and what it costs:\n",
           room_count - lost, room_count);
    print_surfaces(capabilities);
    print_pieces(capabilities);
    printf(
        "\nA single case may need more, such as a limit that can be set; 'assay run' says so, and counts it as NA.\n");
}

/* Every surface that is claimed; the exit code is of the first that does not work. */
static int try_surfaces(const struct capabilities *capabilities, const struct config *config)
{
    int code = 0;

    for (const char *const *surface = manifest_surfaces; *surface; surface++) {
        enum blame blame;
        struct error err;
        char *worked;

        if (!capabilities_claim_surface(capabilities, &(struct room){.id = *surface}, NULL))
            continue;
        if (capabilities_try(capabilities, config, *surface, &worked, &blame, &err)) {
            print_field("works", worked);
        } else {
            fflush(stdout);
            command_complain("the surface %s does not work: %s", *surface, err.text);
            code = code ? code : command_exit_of(blame == BLAME_NONE ? BLAME_TARGET : blame);
        }
        free(worked);
    }
    return code;
}

static int probe(const struct manifest *manifest, const struct config *config)
{
    struct capabilities capabilities;
    enum blame blame;
    struct error err;
    int code;

    if (!capabilities_ask(manifest, config, &capabilities, &blame, &err)) {
        command_complain("the driver is not wired: %s", err.text);
        return command_exit_of(blame);
    }
    print_manifest(manifest);
    if (capabilities.hello)
        print_hello(capabilities.hello);
    code = try_surfaces(&capabilities, config);
    print_rooms(&capabilities);
    capabilities_free(&capabilities);
    return code;
}

int command_probe(const struct options *options)
{
    struct config private = options->config;
    struct manifest *manifest = command_manifest(options);
    const char *parent = getenv("TMPDIR");
    char directory[PATH_MAX];
    int code = EXIT_WRONG_USAGE;

    if (!manifest)
        return code;
    snprintf(directory, sizeof directory, "%s/assay-probe-XXXXXX", parent && *parent ? parent : "/tmp");
    private.out = mkdtemp(directory);
    private.fleeting = true;
    if (private.out) {
        code = probe(manifest, &private);
        directory_remove(directory);
    } else {
        command_complain("cannot make %s: %s", directory, strerror(errno));
        code = EXIT_INCONCLUSIVE;
    }
    manifest_free(manifest);
    return code;
}
