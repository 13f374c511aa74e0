/* `assay probe`: is the driver wired, what does it claim, and which rooms does each missing piece cost? */
#include "base/directory.h"
#include "base/error.h"
#include "cli/commands.h"
#include "model/room.h"
#include "report/escape.h"
#include "run/capabilities.h"
#include "json/json.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

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
        print_array(surface->name, surface, "claimed");
    print_array("features", json_get(hello, "features"), "none");
}

static void print_manifest(const struct manifest *manifest)
{
    print_field("target", manifest->name);
    if (manifest->http)
        print_field("url", manifest->http->url);
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

/* The rooms that are lost for this reason, the first of which is rooms[first]. */
static void print_loss(const struct capabilities *claims, const char *why, size_t first)
{
    if (capabilities_missing_surface(claims, &rooms[first])) {
        printf("\n%s: none of the %zu rooms\n", why, rooms_of_surface(first));
        return;
    }
    printf("\n%s:\n", why);
    for (size_t i = first; i < room_count; i++) {
        const char *missing = capabilities_missing(claims, &rooms[i]);

        if (missing && strcmp(missing, why) == 0)
            printf("  %s\n", rooms[i].id);
    }
}

static bool was_printed(const struct capabilities *claims, const char *why, size_t before)
{
    for (size_t i = 0; i < before; i++) {
        const char *missing = capabilities_missing(claims, &rooms[i]);

        if (missing && strcmp(missing, why) == 0)
            return true;
    }
    return false;
}

static void print_rooms(const struct capabilities *claims)
{
    size_t lost = 0;

    for (size_t i = 0; i < room_count; i++)
        lost += capabilities_missing(claims, &rooms[i]) != NULL;
    printf("\n%zu of %zu rooms can judge this target.%s\n", room_count - lost, room_count,
           lost ? " What is missing, and what it costs:" : "");
    for (size_t i = 0; i < room_count; i++) {
        const char *missing = capabilities_missing(claims, &rooms[i]);

        if (missing && !was_printed(claims, missing, i))
            print_loss(claims, missing, i);
    }
    printf(
        "\nA single case may need more, such as a limit that can be set; 'assay run' says so, and counts it as NA.\n");
}

static int probe(const struct manifest *manifest, const struct config *config)
{
    struct capabilities claims;
    enum blame blame;
    struct error err;

    if (!capabilities_ask(manifest, config, &claims, &blame, &err)) {
        command_complain("the driver is not wired: %s", err.text);
        return command_exit_of(blame);
    }
    print_manifest(manifest);
    if (claims.hello)
        print_hello(claims.hello);
    print_rooms(&claims);
    capabilities_free(&claims);
    return 0;
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
    if (private.out) {
        code = probe(manifest, &private);
        if (code == 0)
            directory_remove(directory); /* else it holds the evidence, which the message names */
    } else {
        command_complain("cannot make %s: %s", directory, strerror(errno));
        code = EXIT_INCONCLUSIVE;
    }
    manifest_free(manifest);
    return code;
}
