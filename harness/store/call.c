/* What every call to the store is made of, and what the target says of itself. */
#include "case/state.h"
#include "check.h"
#include "store/store_private.h"
#include "target/manifest.h"

#include <stdlib.h>
#include <string.h>

/* ---- strings and parameters ---- */

const char *store_keep(struct store *store, const char *string)
{
    size_t bytes = strlen(string) + 1;
    struct kept *kept = malloc(sizeof *kept + bytes);

    if (!kept)
        abort();
    memcpy(kept->bytes, string, bytes);
    kept->next = store->shared->kept;
    store->shared->kept = kept;
    return kept->bytes;
}

struct json_writer store_open_params(struct text *params, const char *sid)
{
    text_init(params, STORE_PARAMS_BYTES_MAX);
    struct json_writer writer = json_write(params);
    json_open(&writer, '{');
    if (sid)
        json_member(&writer, "sid", sid);
    return writer;
}

struct answer store_finish_call(struct store *store, const char *method, struct json_writer *writer,
                                struct text *params)
{
    json_close(writer, '}');
    struct answer answer = driver_call(store->driver, method, params, STORE_CALL_MS);
    text_free(params);
    return answer;
}

/* The operation is legal and claimed, so it has to succeed. */
const struct json *store_must(struct answer answer, const char *method)
{
    if (answer.kind && !strcmp(answer.kind, "unsupported")) {
        expect_at(MUST); /* also in a control: what is claimed has to be served */
        fail_case(WRONG, "the method that hello claims", answer.message, "%s is claimed, but not served", method);
    }
    expect(answer.outcome == ACKNOWLEDGED, WRONG, "success", "%s answered with an error: %s", method,
           answer.message ? answer.message : "the driver died");
    return answer.result;
}

/* ---- what is claimed and declared ---- */

bool store_declares(const struct store *store, const char *declaration)
{
    (void)store;
    return manifest_declares(case_context()->manifest, declaration);
}

bool store_has_feature(const struct store *store, const char *feature)
{
    return json_lists(json_get(driver_hello(store->driver), "features"), feature);
}

bool store_serves(const struct store *store, const char *method)
{
    return json_lists(json_get(json_get(driver_hello(store->driver), "surfaces"), "store"), method);
}
