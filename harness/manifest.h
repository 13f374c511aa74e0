/* What a target is: read from its manifest, a strict JSON file (unknown keys are errors), or made for an ad hoc driver
 * or for the embedded reference. Strings are the manifest's own; immutable once read. */
#ifndef ASSAY_MANIFEST_H
#define ASSAY_MANIFEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MANIFEST_LIST_MAX = 64, MANIFEST_BYTES_MAX = 1 << 20 };

struct manifest_pair {
    const char *name;
    const char *value;
};

struct manifest_endpoint {
    const char *method;
    const char *path;
    const char *body; /* a valid one, JSON text */
};

struct manifest_server {        /* the entry "http" or "ws" */
    const char *const *command; /* argv, NULL-terminated; NULL when the driver starts it */
    const char *url;            /* may hold ${PORT} */
    const char *token;          /* or NULL */
    struct manifest_endpoint endpoints[MANIFEST_LIST_MAX];
    size_t endpoint_count;
};

struct manifest {
    const char *name;
    const char *directory;                   /* of the manifest file, absolute: drivers start there */
    const char *const *driver;               /* argv, NULL-terminated; NULL: none */
    struct manifest_server *http;            /* or NULL */
    const char *require[MANIFEST_LIST_MAX];  /* surfaces; NULL-terminated */
    const char *declares[MANIFEST_LIST_MAX]; /* "store.torn_tail=truncate"; NULL-terminated */
    const char *store_events; /* path template with {sid}, relative to the store's directory; NULL: unknown */
    const char *store_transcript;
    const char *store_metadata;
    struct manifest_pair limits[MANIFEST_LIST_MAX]; /* limit -> environment variable */
    size_t limit_count;
    struct manifest_pair env[MANIFEST_LIST_MAX];
    size_t env_count;
    const char *log; /* path, may hold ${DIR}; or NULL */
    const char *baseline;
    const char *sanitizer;    /* "asan", "tsan" or NULL */
    int64_t start_timeout_ms; /* default 5000 */
    void *memory;             /* what manifest_free() releases */
};

/* NULL: error_text says what is wrong, where, and what would be right. */
struct manifest *manifest_read(const char *path, char *error_text, size_t error_bytes);
struct manifest *manifest_of_driver(char *const *argv);
struct manifest *manifest_of_reference(char *error_text,
                                       size_t error_bytes); /* finds assay-ref beside assay or in libexec */
void manifest_free(struct manifest *manifest);

bool manifest_declares(const struct manifest *manifest, const char *declaration);

#endif
