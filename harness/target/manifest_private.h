/* Between the files of the manifest: what a manifest owns, and how its JSON is read. */
#ifndef ASSAY_TARGET_MANIFEST_PRIVATE_H
#define ASSAY_TARGET_MANIFEST_PRIVATE_H

#include "base/error.h"
#include "json/json.h"
#include "target/manifest.h"

/* The struct manifest comes first in what is allocated, and its strings point into the document or in here. */
struct manifest_memory {
    struct manifest manifest;
    struct manifest_server http, ws;
    const struct json *document; /* or NULL */
    const char *driver[MANIFEST_LIST_MAX];
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

/* A key of an object, and where its value goes: into the struct `of`. */
struct manifest_field {
    const char *name;
    enum json_type type;
    const char *example; /* a right value, as JSON */
    bool (*read)(struct manifest_reading *reading, const struct json *value, const struct manifest_field *field,
                 void *of);
    size_t offset;                       /* of the member of `of`, for those who read into one */
    bool (*right)(const char *);         /* what else a string has to be, or NULL */
    const char *wanted;                  /* that, in words, where the example does not say enough */
    const struct manifest_field *fields; /* those of the object that is read */
};

#define KEY(word, kind, right_value, ...)                                             \
    {                                                                                 \
        .name = (word), .type = (kind), .example = (right_value), .read = __VA_ARGS__ \
    }

/* All members of an object, each by its field; the table ends with a NULL name. */
bool manifest_read_members(struct manifest_reading *reading, const struct json *object,
                           const struct manifest_field *fields, void *of);

/* Fields are read by these: a string that is not empty; a command, into an array of MANIFEST_LIST_MAX words; an object,
 * into the same struct; an entry "http" or "ws", into a struct manifest_server. */
bool manifest_read_string(struct manifest_reading *reading, const struct json *value,
                          const struct manifest_field *field, void *of);
bool manifest_read_command(struct manifest_reading *reading, const struct json *array,
                           const struct manifest_field *field, void *of);
bool manifest_read_object(struct manifest_reading *reading, const struct json *object,
                          const struct manifest_field *field, void *of);
bool manifest_read_server(struct manifest_reading *reading, const struct json *value,
                          const struct manifest_field *field, void *of);
extern const struct manifest_field manifest_http_fields[], manifest_ws_fields[];

/* At most MANIFEST_LIST_MAX - 1 strings, and a NULL behind them. */
bool manifest_read_list(struct manifest_reading *reading, const struct json *array, const char **list);

/* {"NAME": "value", …}, at most MANIFEST_LIST_MAX of them. */
bool manifest_read_pairs(struct manifest_reading *reading, const struct json *object, struct manifest_pair *pairs,
                         size_t *count);

/* Complaints, each false: there are more than MANIFEST_LIST_MAX entries (true: there are not); the value cannot stand
 * there; there is no such name. */
bool manifest_has_room(struct manifest_reading *reading, const struct json *object);
bool manifest_wrong_value(struct manifest_reading *reading, const struct json *value, const char *name,
                          const char *example);
bool manifest_unknown_name(struct manifest_reading *reading, const struct json *value, const char *kind,
                           const char *name, const char *const *known);

/* Where in the text the value stands. */
size_t manifest_place(const struct manifest_reading *reading, const struct json *value);

/* Fills the manifest from reading->root. False: err says what is wrong, where, and what would be right. */
bool manifest_read_fields(struct manifest_reading *reading);

/* Writes "FILE:LINE:COLUMN: …" for the byte at that offset of the text; false, so that a caller may return it. */
bool manifest_wrong(struct manifest_reading *reading, size_t offset, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
