/* What a target is: read from its manifest, a strict JSON file (unknown keys are errors), or made for an ad hoc driver
 * or for the embedded reference. Strings are the manifest's own; immutable once read. */
#ifndef ASSAY_TARGET_MANIFEST_H
#define ASSAY_TARGET_MANIFEST_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    MANIFEST_LIST_MAX = 64,
    MANIFEST_BYTES_MAX = 1 << 20,
    MANIFEST_VALUES_MAX = 4,
    MANIFEST_START_MAX_MS = 600000,
    MANIFEST_HEADER_MAX_BYTES = 1024, /* a field's name and value */
};

struct manifest_pair {
    const char *name;
    const char *value;
};

/* Set by an environment variable, or fixed: the target has no other value. */
struct manifest_limit {
    const char *name;     /* "http.body_bytes" */
    const char *variable; /* NULL: fixed */
    int64_t fixed;
};

struct manifest_endpoint {
    const char *method;
    const char *path;
    const char *body; /* a valid one, JSON text */
};

/* What makes an agent do something: kit/PROTOCOL.md lists the kinds. */
struct manifest_prompt {
    const char *kind; /* "echo" */
    const char *text; /* may hold ${TEXT} or ${COUNT} */
    const char *says; /* what the agent says when it has done it; may hold ${TEXT}; NULL: ${TEXT}, if the text has it */
    int64_t chunks;   /* how many updates it brings where the text has no ${COUNT}; 0: not said */
    int64_t code;     /* of the error that "fail" brings; 0: not said */
};

struct manifest_server { /* the entry "http" or "ws" */
    bool is_there;
    const char *words[MANIFEST_LIST_MAX];
    const char *const *command;                      /* argv, NULL-terminated; NULL when the driver starts it */
    const char *url;                                 /* may hold ${PORT}; of "ws" NULL when the driver starts it */
    const char *token;                               /* or NULL */
    struct manifest_pair headers[MANIFEST_LIST_MAX]; /* fields that each request carries */
    size_t header_count;
    struct manifest_endpoint endpoints[MANIFEST_LIST_MAX];
    size_t endpoint_count;
    struct manifest_prompt prompts[MANIFEST_LIST_MAX]; /* of "ws", as are the others */
    size_t prompt_count;
    const char *origins[MANIFEST_LIST_MAX]; /* that are let in; NULL-terminated, empty: not said */
    const char *metrics;                    /* the path of its metrics on the same port; or NULL */
};

struct manifest {
    const char *name;
    const char *directory;                   /* of the manifest file, absolute: drivers start there */
    const char *const *driver;               /* argv, NULL-terminated; NULL: none */
    struct manifest_server *http, *ws;       /* or NULL */
    const char *require[MANIFEST_LIST_MAX];  /* surfaces; NULL-terminated */
    const char *declares[MANIFEST_LIST_MAX]; /* "store.torn_tail=truncate"; NULL-terminated */
    const char *store_events; /* path template with {sid}, relative to the store's directory; NULL: unknown */
    const char *store_transcript;
    const char *store_metadata;
    struct manifest_limit limits[MANIFEST_LIST_MAX];
    size_t limit_count;
    struct manifest_pair env[MANIFEST_LIST_MAX]; /* values may hold ${PORT} and ${DIR} */
    size_t env_count;
    const char *log;          /* path, may hold ${DIR}; or NULL */
    const char *baseline;     /* absolute; or NULL */
    const char *sanitizer;    /* "asan", "tsan" or NULL */
    int64_t start_timeout_ms; /* default 5000 */
    void *memory;             /* what manifest_free() releases */
};

/* NULL: err says what is wrong, where (FILE:LINE:COLUMN), and what would be right. A command whose first word
 * is a path is relative to `directory`, since that is where it will be started. */
struct manifest *manifest_read(const char *path, struct error *err);
struct manifest *manifest_of_driver(char *const *argv); /* argv must outlive the manifest */
/* Finds assay-ref beside assay, or in ../libexec/assay. */
struct manifest *manifest_of_reference(struct error *err);
void manifest_free(struct manifest *manifest);

/* The entry of that surface, "http" or "ws"; NULL: there is none. One without a url only says more of a server that the
 * driver starts. */
const struct manifest_server *manifest_entry(const struct manifest *manifest, const char *surface);

/* What the manifest says of that limit; NULL: nothing. */
const struct manifest_limit *manifest_limit(const struct manifest *manifest, const char *name);

bool manifest_declares(const struct manifest *manifest, const char *declaration);

/* The ways in which a target may differ from what the rooms expect by default; kit/PROTOCOL.md explains the same list.
 */
struct manifest_declaration {
    const char *name;
    const char *values[MANIFEST_VALUES_MAX]; /* the legal ones, NULL-terminated */
};
extern const struct manifest_declaration manifest_declarations[]; /* ends with a NULL name */

extern const char *const manifest_surfaces[]; /* what `require` may name; NULL-terminated */
extern const char *const manifest_limits[];   /* what `limits` may name; NULL-terminated */
extern const char *const manifest_prompts[];  /* the kinds that `prompts` may name; NULL-terminated */

#endif
