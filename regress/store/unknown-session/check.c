/* An operation on a session that does not exist is an error, and brings none into being. */
#include "check.h"
#include "store/store.h"

#include <stdio.h>

#define ABSENT "0123456789abcdef0123456789abcdef"

static void an_append_creates_no_session(void **state)
{
    struct store *store = *state;

    for (int attempt = 0; attempt < 2; attempt++) {
        struct answer answer = store_try_append(store, ABSENT, store_event(store, NULL));

        expect(answer.outcome != ACKNOWLEDGED, WRONG, "an error", "an acknowledgement");
    }
    struct answer read = store_try_read(store, ABSENT);
    expect(store_says_absent(store, &read), WRONG, "an error", "the session can be read");
}

static void a_read_is_an_error(void **state)
{
    struct store *store = *state;
    struct answer read = store_try_read(store, ABSENT);

    expect(store_says_absent(store, &read), WRONG, "an error", "an acknowledgement");
}

/* What cannot be an id is the id of no session. */
static void a_read_of_a_malformed_id_is_an_error(void **state)
{
    static const char *const malformed[] = {"", "0", "no-id", "0123456789ABCDEF0123456789ABCDEF", ABSENT "0"};
    struct store *store = *state;

    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        struct answer read = store_try_read(store, malformed[i]);

        expect(store_says_absent(store, &read), WRONG, "an error", "an acknowledgement");
    }
}

/* What any method answers that is not listed is no claim, so it does not count. */
static void every_other_operation_is_an_error(void **state)
{
    static const struct {
        const char *method;
        const char *members;
    } operations[] = {
        {"metadata", ""}, {"metadata", ",\"patch\":{\"a\":1}"}, {"delete", ""}, {"fork", ""}, {"resume", ""},
    };
    struct store *store = *state;
    unsigned served = 0;

    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        if (!store_serves(store, operations[i].method))
            continue;
        char method[32];
        snprintf(method, sizeof method, "store.%s", operations[i].method);
        struct text params;
        text_init(&params, 256);
        text_addf(&params, "{\"sid\":\"" ABSENT "\"%s}", operations[i].members);
        struct answer answer = store_try(store, method, &params);
        text_free(&params);
        expect(store_says_absent(store, &answer), WRONG, "an error", "%s of no session succeeds", method);
        served++;
    }
    if (!served)
        not_applicable("the driver lists none of metadata, delete, fork and resume");
    struct answer read = store_try_read(store, ABSENT);
    expect(store_says_absent(store, &read), WRONG, "an error", "the session can be read");
}

static void a_known_session_is_appended_to(void **state)
{
    struct store *store = *state;
    const char *sid = store_create(store);

    store_append(store, sid, store_event(store, NULL));
    expect_sound_history(store, sid);
}

const struct check check = {
    .title = "An unknown session is an error, and none is created",
    .level = MUST,
    .origins = {"OAS-1"},
    .uses = {"store.metadata", "store.delete", "store.fork", "store.resume"},
    .cases =
        {
            CASE(an_append_creates_no_session),
            CASE(a_read_is_an_error),
            CASE(a_read_of_a_malformed_id_is_an_error),
            CASE(every_other_operation_is_an_error),
            CONTROL(a_known_session_is_appended_to),
        },
};
