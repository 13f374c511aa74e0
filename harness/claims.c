#include "claims.h"

#include "check.h"
#include "directory.h"
#include "driver.h"
#include "json.h"
#include "record.h"
#include "warden.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HELLO_FILE "hello.json"

enum { ECHOES = 8, ECHO_ROUNDS = 4, ECHO_FIRST_DELAY_MS = 20 };

/* ---- in the worker ---- */

void *claims_start(void)
{
    return driver_start(NULL);
}

void claims_stop(void *state)
{
    driver_stop(state);
    driver_free(state);
}

/* Eight echoes with a delay, all at once; how long until the last is answered. */
static int64_t time_echoes_ms(struct driver *driver, int delay_ms)
{
    uint64_t calls[ECHOES];
    struct text params;
    text_init(&params, 256);
    text_addf(&params, "{\"text\":\"assay\",\"delay_ms\":%d}", delay_ms);
    int64_t begun = now_ns();
    for (int i = 0; i < ECHOES; i++)
        calls[i] = driver_send(driver, "echo", &params);
    for (int i = 0; i < ECHOES; i++) {
        struct answer answer = driver_wait(driver, calls[i], 10000 + ECHOES * delay_ms);
        const char *text = json_get_string(answer.result, "text");
        if (!text || strcmp(text, "assay"))
            error_of_target("the driver answered echo without the text it was sent");
    }
    text_free(&params);
    return (now_ns() - begun) / 1000000;
}

/* A driver that serialises its calls needs eight delays; one that does not needs one, and what a busy machine adds to
 * that matters less with every longer round. */
static void expect_overlap(struct driver *driver)
{
    int delay_ms = ECHO_FIRST_DELAY_MS;
    for (int round = 0; round < ECHO_ROUNDS; round++, delay_ms *= 4)
        if (time_echoes_ms(driver, delay_ms) < (int64_t)delay_ms * (ECHOES - 1))
            return;
    error_of_target("the target serialises its driver: %d echoes with a delay of %d ms did not overlap", ECHOES,
                    delay_ms / 4);
}

static void save_hello(const struct json *hello)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/" HELLO_FILE, case_directory());
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, hello->raw, hello->raw_bytes) != (ssize_t)hello->raw_bytes)
        error_of_environment("%s cannot be written: %s", path, strerror(errno));
    close(fd);
}

static void answers_and_overlaps(void **state)
{
    struct driver *driver = *state;
    expect_overlap(driver);
    save_hello(driver_hello(driver));
    expect(true, WRONG, "an answer to hello", "one");
}

static const struct check driver_check = {.title = "The driver answers", .cases = {CASE(answers_and_overlaps)}};
static const struct room driver_room = {.id = "driver/hello", .readme = "", .check = &driver_check};

/* ---- in the runner ---- */

static bool lists(const struct json *list, const char *item)
{
    for (const struct json *entry = list && list->type == JSON_ARRAY ? list->child : NULL; entry; entry = entry->next) {
        const char *name = json_as_string(entry);
        if (name && !strcmp(name, item))
            return true;
    }
    return false;
}

static unsigned needs_of_methods(const struct json *methods)
{
    static const struct {
        const char *method;
        unsigned need;
    } table[] = {
        {"metadata", NEEDS_METADATA}, {"delete", NEEDS_DELETE}, {"fork", NEEDS_FORK}, {"resume", NEEDS_RESUME}};
    unsigned met = 0;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (lists(methods, table[i].method))
            met |= table[i].need;
    return met;
}

static void fill(struct claims *claims, const struct manifest *manifest)
{
    const struct json *surfaces = json_get(claims->hello, "surfaces");
    claims->store = json_get(surfaces, "store");
    claims->http = json_get(surfaces, "http") || manifest->http;
    claims->needs_met = NEEDS_SUPERVISOR | needs_of_methods(json_get(surfaces, "store"));
    if (manifest->store_events)
        claims->needs_met |= NEEDS_FILES;
    if (manifest->store_transcript)
        claims->needs_met |= NEEDS_TRANSCRIPT;
    if (manifest_declares(manifest, "store.durability=D2"))
        claims->needs_met |= NEEDS_DURABLE;
    if (manifest->driver)
        claims->needs_met |= NEEDS_DRIVER;
    if (lists(json_get(claims->hello, "features"), "raw_events"))
        claims->needs_met |= NEEDS_RAW_EVENTS;
}

static const struct json *load_hello(const char *directory)
{
    char path[PATH_MAX + sizeof HELLO_FILE + 1];
    snprintf(path, sizeof path, "%s/" HELLO_FILE, directory);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    struct text bytes;
    text_init(&bytes, DRIVER_LINE_MAX_BYTES);
    char buffer[1 << 14];
    for (ssize_t count; fd >= 0 && (count = read(fd, buffer, sizeof buffer)) > 0;)
        text_add_bytes(&bytes, buffer, (size_t)count);
    if (fd >= 0)
        close(fd);
    const struct json *hello = json_read(bytes.bytes, bytes.length, NULL);
    text_free(&bytes);
    return hello;
}

static bool run_hello(const struct manifest *manifest, const struct options *options, const char *directory,
                      struct case_result *result)
{
    struct case_context context = {.room = &driver_room,
                                   .test = &driver_check.cases[0],
                                   .manifest = manifest,
                                   .options = options,
                                   .directory = directory};
    pid_t warden = warden_start(&context);
    if (warden < 0)
        return false;
    waitpid(warden, NULL, 0);
    char record[PATH_MAX + sizeof WARDEN_RECORD + 1];
    snprintf(record, sizeof record, "%s/" WARDEN_RECORD, directory);
    record_read(record, result);
    return true;
}

bool claims_ask(const struct manifest *manifest, const struct options *options, struct claims *claims,
                enum blame *blame, char *error_text, size_t error_bytes)
{
    *claims = (struct claims){0};
    *blame = BLAME_ENVIRONMENT;
    char directory[PATH_MAX];
    snprintf(directory, sizeof directory, "%s/cases/driver", options->out);
    struct case_result result = {0};
    bool sound = true;
    if (manifest->driver) {
        if (!directory_remove(directory) || !directory_make(directory) ||
            !run_hello(manifest, options, directory, &result)) {
            snprintf(error_text, error_bytes, "%s: %s", directory, strerror(errno));
            return false;
        }
        sound = result.verdict == VERDICT_PASS && (claims->hello = load_hello(directory));
    }
    if (sound) {
        fill(claims, manifest);
        if (!options->keep)
            directory_remove(directory);
    } else {
        *blame = result.blame == BLAME_NONE ? BLAME_TARGET : result.blame;
        snprintf(error_text, error_bytes, "%s (%s; evidence in %s)", result.message ? result.message : "no answer",
                 result.state ? result.state : "the driver was running", directory);
    }
    case_result_free(&result);
    return sound;
}

void claims_free(struct claims *claims)
{
    json_free(claims->hello);
    claims->hello = NULL;
}

static const char *surface_missing(const struct claims *claims, const char *id)
{
    if (!strncmp(id, "store/", 6) && !claims->store)
        return "the target does not claim the surface store";
    if (!strncmp(id, "http/", 5) && !claims->http)
        return "the target does not claim the surface http";
    return NULL;
}

const char *claims_missing(const struct claims *claims, const struct room *room)
{
    static const struct {
        unsigned need;
        const char *why;
    } table[] = {
        {NEEDS_FILES, "the manifest does not say where the events lie (store.events)"},
        {NEEDS_TRANSCRIPT, "the manifest does not say where the transcript lies (store.transcript)"},
        {NEEDS_METADATA, "the driver does not list the method store.metadata"},
        {NEEDS_DELETE, "the driver does not list the method store.delete"},
        {NEEDS_FORK, "the driver does not list the method store.fork"},
        {NEEDS_RESUME, "the driver does not list the method store.resume"},
        {NEEDS_DURABLE, "the manifest does not declare store.durability=D2"},
        {NEEDS_DRIVER, "the target has no driver"},
        {NEEDS_RAW_EVENTS, "the driver does not list the feature raw_events"},
    };
    const char *why = surface_missing(claims, room->id);
    unsigned missing = room->check->needs & ~claims->needs_met;
    for (size_t i = 0; !why && i < sizeof table / sizeof *table; i++)
        if (missing & table[i].need)
            why = table[i].why;
    return why;
}
