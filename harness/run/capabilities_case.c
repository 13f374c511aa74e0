/* The driver's hello, checked for its shape, and eight echoes that must overlap. */
#include "run/capabilities_case.h"

#include "base/text.h"
#include "case/record.h"
#include "case/state.h"
#include "case/surface.h"
#include "check.h"
#include "json/json.h"
#include "target/driver.h"

#include <string.h>

enum { ECHOES = 8, ECHO_ROUNDS = 4, ECHO_FIRST_DELAY_MS = 20, ECHO_MS = 10000 };

void *capabilities_start(void)
{
    return driver_start(NULL);
}

void capabilities_stop(void *state)
{
    driver_stop(state);
    driver_free(state);
}

/* ---- hello ---- */

static bool is_list_of_strings(const struct json *list)
{
    if (!list || list->type != JSON_ARRAY)
        return false;
    for (const struct json *entry = list->child; entry; entry = entry->next)
        if (!json_as_string(entry))
            return false;
    return true;
}

static void expect_methods(const struct json *claimed)
{
    const struct surface *surface = surface_find(claimed->name, '\0');

    if (!is_list_of_strings(claimed))
        error_of_target("hello does not list the methods of the surface \"%s\"", claimed->name);
    for (const char *const *method = surface ? surface->required : NULL; method && *method; method++)
        if (!json_lists(claimed, *method))
            error_of_target("hello claims the surface %s without its method %s", claimed->name, *method);
}

static void expect_hello(const struct json *hello)
{
    const struct json *claims = json_get(hello, "surfaces"), *features = json_get(hello, "features");

    if (hello->raw_bytes > RECORD_HELLO_BYTES_MAX)
        error_of_target("the driver's answer to hello has more than %d KiB", RECORD_HELLO_BYTES_MAX >> 10);
    if (!claims || claims->type != JSON_OBJECT)
        error_of_target("the driver answered hello without a member \"surfaces\", an object of lists of methods");
    for (const struct json *claim = claims->child; claim; claim = claim->next)
        expect_methods(claim);
    if (features && !is_list_of_strings(features))
        error_of_target("the driver answered hello with \"features\" that are no list of names");
}

/* ---- echo ---- */

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
        struct answer answer = driver_wait(driver, calls[i], ECHO_MS + ECHOES * delay_ms);
        const char *text = json_get_string(answer.result, "text");

        if (!text || strcmp(text, "assay") != 0)
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

static void answers_and_overlaps(void **state)
{
    struct driver *driver = *state;

    expect_hello(driver_hello(driver));
    expect_overlap(driver);
    record_write_hello(case_context()->record_fd, driver_hello(driver));
    expect(true, WRONG, "claims, and echoes that overlap", "both");
}

static const struct check hello_check = {.title = "The driver answers", .cases = {CASE(answers_and_overlaps)}};
const struct room capabilities_room = {.id = "driver/hello", .readme = "", .check = &hello_check};
