/* Between the files of the manifest: what a manifest owns, and how its JSON is read. */
#ifndef ASSAY_TARGET_MANIFEST_PRIVATE_H
#define ASSAY_TARGET_MANIFEST_PRIVATE_H

#include "base/error.h"
#include "json/json.h"
#include "target/manifest.h"

/* The struct manifest comes first in what is allocated, and its strings point into the document or in here. */
struct manifest_memory {
    struct manifest manifest;
    struct manifest_server http;
    const struct json *document; /* or NULL */
    const char *driver[MANIFEST_LIST_MAX];
    const char *command[MANIFEST_LIST_MAX];
    char *strings[MANIFEST_LIST_MAX + 8]; /* each one malloc'ed; as many as the endpoints' bodies and some paths */
    size_t string_count;
};

/* An empty manifest, whose name may be NULL for now; manifest_free() ends it. */
struct manifest_memory *manifest_make(const char *name);

/* The string becomes the manifest's. NULL ends the process: out of memory. */
const char *manifest_keep(struct manifest_memory *memory, char *string);

struct manifest_reading {
    struct manifest_memory *memory;
    const char *path;
    const char *text;
    const struct json *root;
    struct error *err;
};

/* Fills the manifest from reading->root. False: err says what is wrong, where, and what would be right. */
bool manifest_read_fields(struct manifest_reading *reading);

/* Writes "FILE:LINE:COLUMN: …" for the byte at that offset of the text; false, so that a caller may return it. */
bool manifest_wrong(struct manifest_reading *reading, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
