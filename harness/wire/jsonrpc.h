/* JSON-RPC 2.0 messages: a strict look at those that a target sends, and the writing of right ones. No I/O. A document
 * that was read (json/json.h) outlives what is said of it here. */
#ifndef ASSAY_WIRE_JSONRPC_H
#define ASSAY_WIRE_JSONRPC_H

#include "json/json.h"

#include <stdint.h>

enum jsonrpc_kind {
    JSONRPC_RESULT,
    JSONRPC_ERROR,
    JSONRPC_REQUEST,
    JSONRPC_NOTIFICATION,
    JSONRPC_BATCH,  /* an array of at least one: each is to be looked at by itself */
    JSONRPC_BROKEN, /* no JSON-RPC: `fault` says why */
};

/* Members that a message of its kind does not have are NULL. */
struct jsonrpc {
    enum jsonrpc_kind kind;
    const struct json *root;
    const struct json *id; /* of a response, where it may be null, or of a request */
    const char *method;
    const struct json *params; /* NULL: none */
    const struct json *result;
    const struct json *error;
    int64_t code;        /* of the error */
    const char *message; /* of the error */
    const char *fault;   /* a static string that ends with its section, "… (JSON-RPC 5.1)" */
};

/* What the value is. BROKEN is what no message may be: no object; a "jsonrpc" other than "2.0"; both a result and an
 * error, or neither, or beside a method; a response without an id, or with one that is no string, number or null; an
 * error without a whole number as its code, or without a message; a method that is no
 * string; params that are no object and no array. */
struct jsonrpc jsonrpc_look(const struct json *value);

/* Adds a request with that id, which is JSON text, or a notification when id is NULL. params is JSON text; NULL: none.
 */
void jsonrpc_write(struct text *out, const char *id, const char *method, const char *params);

/* Adds the answer to a request: result is JSON text. */
void jsonrpc_write_result(struct text *out, const struct json *id, const char *result);

/* Adds the error that answers a request. */
void jsonrpc_write_error(struct text *out, const struct json *id, int64_t code, const char *message);

#endif
