/* The driver's methods for the session store. */
#include "app/drive.h"
#include "json/string.h"
#include "store/store.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

static enum drive_result from_store(enum store_result result)
{
    switch (result) {
    case STORE_OK:
        return DRIVE_OK;
    case STORE_IO:
        return DRIVE_FAILED;
    case STORE_UNSURE:
        return DRIVE_UNSURE;
    case STORE_BAD_ID:
    case STORE_NO_SESSION:
    case STORE_NOT_JSON:
    case STORE_BAD_EVENT:
    case STORE_TOO_BIG:
    case STORE_DAMAGED:
        break;
    }
    return DRIVE_REFUSED;
}

static enum drive_result started_store(struct drive *drive, struct store **store, struct error *err)
{
    pthread_mutex_lock(&drive->lock);
    *store = drive->store;
    pthread_mutex_unlock(&drive->lock);
    if (*store)
        return DRIVE_OK;
    error_set(err, "store.start comes first");
    return DRIVE_REFUSED;
}

/* What nearly every method begins with: the store, and the session's id. The caller frees *sid. */
static enum drive_result store_and_sid(struct drive *drive, struct json_span params, struct store **store, char **sid,
                                       struct error *err)
{
    size_t bytes;
    enum drive_result result = drive_string(params, "sid", sid, &bytes, err);

    if (result == DRIVE_OK)
        result = started_store(drive, store, err);
    /* A C string would end at the NUL, and what is left could be a good id. */
    if (result == DRIVE_OK && strlen(*sid) != bytes) {
        error_set(err, "a session id holds no NUL");
        result = DRIVE_REFUSED;
    }
    if (result != DRIVE_OK) {
        free(*sid);

        *sid = NULL;
    }
    return result;
}

/* *directory belongs to config. */
static enum drive_result read_options(const cJSON *config, const char **directory, struct store_options *options,
                                      struct error *err)
{
    const cJSON *limits = cJSON_GetObjectItemCaseSensitive(config, "limits");
    const cJSON *event_bytes = cJSON_GetObjectItemCaseSensitive(limits, "event_bytes");
    int64_t number = 0;

    *directory = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(config, "directory"));
    if (!*directory || **directory != '/') {
        error_set(err, "\"directory\" is an absolute path");
        return DRIVE_BAD_PARAMS;
    }
    if (event_bytes && (!json_whole(event_bytes, &number) || number < 0 || number > STORE_EVENT_MAX_BYTES)) {
        error_set(err, "\"event_bytes\" is a whole number from 0 to %d", STORE_EVENT_MAX_BYTES);
        return DRIVE_BAD_PARAMS;
    }
    options->event_max_bytes = (size_t)number;
    options->durable = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(config, "durable"));
    return DRIVE_OK;
}

static enum drive_result serve_start(struct drive *drive, struct json_span params, struct buffer *result,
                                     struct error *err)
{
    struct store_options options = {0};
    struct store *store = NULL;
    const char *directory;
    cJSON *config;
    enum drive_result outcome = drive_config(params, &config, err);

    if (outcome == DRIVE_OK)
        outcome = read_options(config, &directory, &options, err);
    if (outcome == DRIVE_OK)
        outcome = from_store(store_open(directory, &options, &store, err));
    cJSON_Delete(config);
    if (outcome != DRIVE_OK)
        return outcome;
    pthread_mutex_lock(&drive->lock);
    if (drive->store) {
        error_set(err, "the store was started already");
        outcome = DRIVE_REFUSED;
    } else {
        drive->store = store;
    }
    pthread_mutex_unlock(&drive->lock);
    if (outcome != DRIVE_OK)
        store_close(store);
    buffer_add_text(result, "{}");
    return outcome;
}

static enum drive_result serve_create(struct drive *drive, struct json_span params, struct buffer *result,
                                      struct error *err)
{
    char sid[STORE_SID_BYTES] = "";
    struct store *store;
    enum drive_result outcome = started_store(drive, &store, err);

    (void)params;
    if (outcome == DRIVE_OK)
        outcome = from_store(store_create(store, sid, err));
    buffer_add_format(result, "{\"sid\":\"%s\"}", sid);
    return outcome;
}

/* Decodes base64 in place. OpenSSL counts the padding among the decoded bytes. */
static enum drive_result decode_base64(char *text, size_t *bytes, struct error *err)
{
    size_t padding = 0;
    int decoded = EVP_DecodeBlock((unsigned char *)text, (const unsigned char *)text, (int)*bytes);

    while (padding < 2 && padding < *bytes && text[*bytes - 1 - padding] == '=')
        padding++;
    if (decoded < (int)padding) {
        error_set(err, "\"event_base64\" is not base64");
        return DRIVE_BAD_PARAMS;
    }
    *bytes = (size_t)decoded - padding;
    return DRIVE_OK;
}

/* The event's text; the caller frees it. */
static enum drive_result read_event(struct json_span params, char **event, size_t *bytes, struct error *err)
{
    struct json_span encoded;
    enum drive_result outcome;

    if (!json_find(params, "event_base64", &encoded))
        return drive_string(params, "event", event, bytes, err);
    outcome = drive_string(params, "event_base64", event, bytes, err);
    return outcome == DRIVE_OK ? decode_base64(*event, bytes, err) : outcome;
}

static enum drive_result serve_append(struct drive *drive, struct json_span params, struct buffer *result,
                                      struct error *err)
{
    struct store *store;
    uint64_t seq = 0;
    char *event = NULL;
    size_t bytes;
    char *sid;
    enum drive_result outcome = store_and_sid(drive, params, &store, &sid, err);

    if (outcome == DRIVE_OK)
        outcome = read_event(params, &event, &bytes, err);
    if (outcome == DRIVE_OK)
        outcome = from_store(store_append(store, sid, event, bytes, &seq, err));
    buffer_add_format(result, "{\"seq\":%" PRIu64 "}", seq);
    free(event);
    free(sid);
    return outcome;
}

/* The events as JSON strings. Quoting doubles a line at worst, so a page always fits, unless it is one huge event. */
static void add_events(struct buffer *result, const struct store_page *page)
{
    const char *line = page->lines;

    buffer_add_text(result, "{\"events\":[");
    for (size_t i = 0; i < page->count; i++) {
        const char *newline = memchr(line, '\n', (size_t)(page->lines + page->bytes - line));

        buffer_add_text(result, i ? "," : "");
        json_add_string(result, line, (size_t)(newline - line));
        line = newline + 1;
    }
    buffer_add_text(result, "]}");
}

static enum drive_result serve_read(struct drive *drive, struct json_span params, struct buffer *result,
                                    struct error *err)
{
    struct store_page page = {0};
    struct store *store;
    uint64_t after = 0;
    uint64_t limit = 0;
    char *sid;
    enum drive_result outcome = store_and_sid(drive, params, &store, &sid, err);

    if (outcome == DRIVE_OK)
        outcome = drive_number(params, "after", &after, err);
    if (outcome == DRIVE_OK)
        outcome = drive_number(params, "limit", &limit, err);
    if (outcome == DRIVE_OK)
        outcome = from_store(store_read(store, sid, after, limit, &page, err));
    if (outcome == DRIVE_OK)
        add_events(result, &page);
    store_page_free(&page);
    free(sid);
    return outcome;
}

static enum drive_result serve_metadata(struct drive *drive, struct json_span params, struct buffer *result,
                                        struct error *err)
{
    struct json_span patch = {0};
    struct store *store;
    char *metadata = NULL;
    char *sid;
    enum drive_result outcome = store_and_sid(drive, params, &store, &sid, err);

    if (outcome != DRIVE_OK)
        return outcome;
    json_find(params, "patch", &patch);
    outcome = from_store(store_metadata(store, sid, patch.at, patch.bytes, &metadata, err));
    if (outcome == DRIVE_OK) {
        buffer_add_text(result, "{\"metadata\":");
        json_add_compact(result, (struct json_span){metadata, strlen(metadata)});
        buffer_add_text(result, "}");
    }
    free(metadata);
    free(sid);
    return outcome;
}

static enum drive_result serve_delete(struct drive *drive, struct json_span params, struct buffer *result,
                                      struct error *err)
{
    struct store *store;
    char *sid;
    enum drive_result outcome = store_and_sid(drive, params, &store, &sid, err);

    if (outcome == DRIVE_OK)
        outcome = from_store(store_delete(store, sid, err));
    buffer_add_text(result, "{}");
    free(sid);
    return outcome;
}

static enum drive_result serve_fork(struct drive *drive, struct json_span params, struct buffer *result,
                                    struct error *err)
{
    char child[STORE_SID_BYTES] = "";
    struct store *store;
    uint64_t head = 0;
    char *sid;
    enum drive_result outcome = store_and_sid(drive, params, &store, &sid, err);

    if (outcome == DRIVE_OK)
        outcome = drive_number(params, "head", &head, err);
    if (outcome == DRIVE_OK)
        outcome = from_store(store_fork(store, sid, head, child, err));
    buffer_add_format(result, "{\"sid\":\"%s\"}", child);
    free(sid);
    return outcome;
}

static enum drive_result serve_resume(struct drive *drive, struct json_span params, struct buffer *result,
                                      struct error *err)
{
    uint64_t next_seq = 0;
    struct store *store;
    char *sid;
    enum drive_result outcome = store_and_sid(drive, params, &store, &sid, err);

    if (outcome == DRIVE_OK)
        outcome = from_store(store_resume(store, sid, &next_seq, err));
    buffer_add_format(result, "{\"next_seq\":%" PRIu64 "}", next_seq);
    free(sid);
    return outcome;
}

const struct drive_method drive_store_methods[] = {
    {"start", serve_start}, {"create", serve_create},     {"append", serve_append},
    {"read", serve_read},   {"metadata", serve_metadata}, {"delete", serve_delete},
    {"fork", serve_fork},   {"resume", serve_resume},     {NULL, NULL},
};

void drive_store_stop(struct drive *drive)
{
    store_close(drive->store);
    drive->store = NULL;
}
