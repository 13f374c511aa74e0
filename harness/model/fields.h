/* The fields of what a run has found, once for all who handle them: a table for each struct of results.h, which says
 * where a field lies and where it appears. Copying, freeing, the event stream (there and back), the JSON report and the
 * record of a case follow it, so that a new field is a member there and a row in fields.c.
 *
 * The order of the rows is the order of the members in JSON. Nothing here blocks; any thread may call it. */
#ifndef ASSAY_MODEL_FIELDS_H
#define ASSAY_MODEL_FIELDS_H

#include "base/error.h"
#include "json/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum field_kind {
    FIELD_STRING,   /* char *, which a reader wants to be there */
    FIELD_OPTIONAL, /* char *; NULL is null */
    FIELD_LIST,     /* char **, ends with a NULL or has `max` strings; to be copied, it may be NULL */
    FIELD_BOOL,
    FIELD_VERDICT,
    FIELD_BLAME,  /* BLAME_NONE is null */
    FIELD_NUMBER, /* an integer of any type from 0 to `max` */
    FIELD_COUNTS, /* size_t[VERDICT_COUNT], an object of numbers from 0 to `max` */
};

enum field_place {
    IN_STREAM = 1,  /* its event in run.jsonl: begin, check or case */
    IN_END = 2,     /* the last event there */
    IN_REPORT = 4,  /* --report json */
    IN_LIST = 8,    /* list --json */
    IN_RECORD = 16, /* what a worker writes down (case/record.h) */
    IN_TARGET = 32, /* the event "target" in run.jsonl */
};

struct field {
    const char *name; /* of the member in JSON; of the last row: NULL */
    size_t offset;    /* of the member of the struct, and its size */
    size_t bytes;
    enum field_kind kind;
    unsigned in; /* the places, or'ed */
    int64_t max;
};

extern const struct field results_fields[]; /* of a struct results */
extern const struct field check_fields[];   /* of a struct check_result, but for its cases */
extern const struct field case_fields[];    /* of a struct case_result */

/* Puts copies, which are the struct's own, for the strings and lists that it points to; each string is cut at
 * max_bytes. fields_free() releases them, not the struct. */
void fields_own(const struct field *fields, void *of, size_t max_bytes);
void fields_free(const struct field *fields, void *of);

/* A copy of a string, cut at RESULTS_STRING_MAX_BYTES, to be freed with free(); NULL of NULL. */
char *fields_copy_string(const char *string);

/* Writes the members that belong there into the object that is open. */
void fields_write(const struct field *fields, const void *of, enum field_place in, struct json_writer *writer);

/* Reads them back from `member` and those behind it: all that belong there, in their order, and no others. The struct,
 * all zero before, then holds copies to be released with fields_free(), even after a failure. False: err says what is
 * wrong with which member. */
bool fields_read(const struct field *fields, void *of, enum field_place in, const struct json *member,
                 struct error *err);

/* The next member, which has to have that name, and *next goes one on; or NULL, and err says so. */
const struct json *fields_next(const struct json **next, const char *name, struct error *err);

#endif
