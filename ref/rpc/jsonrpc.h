/* JSON-RPC 2.0 (jsonrpc.org/specification): messages taken apart, and answers put together. No I/O, any thread.
 *
 * A message is checked first (json/check.h) and then taken apart into pieces of its own text. So an id goes back as it
 * came, and a payload is passed on byte for byte; what is only read may be made a tree of (json/parse.h). Batches are
 * refused: nobody here has a use for them, and MCP has dropped them. */
#ifndef REF_RPC_JSONRPC_H
#define REF_RPC_JSONRPC_H

#include "base/buffer.h"
#include "base/error.h"
#include "json/span.h"

#include <cjson/cJSON.h>

/* Codes of errors (section 5.1). From -32000 down to -32099 they are the server's own. */
enum {
    JSONRPC_NOT_JSON_CODE = -32700,
    JSONRPC_BAD_MESSAGE_CODE = -32600,
    JSONRPC_UNKNOWN_METHOD_CODE = -32601,
    JSONRPC_BAD_PARAMS_CODE = -32602,
    JSONRPC_INTERNAL_CODE = -32603,
    JSONRPC_SERVER_CODE = -32000,
};

enum jsonrpc_kind {
    JSONRPC_REQUEST,      /* method and id: wants an answer */
    JSONRPC_NOTIFICATION, /* method alone: must not be answered */
    JSONRPC_RESULT,       /* the answer to a request of ours */
    JSONRPC_ERROR,        /* likewise; its id is null if the peer could not read ours */
};

/* The spans point into the message's text; one that is not there has no bytes, and `at` is NULL. */
struct jsonrpc_message {
    enum jsonrpc_kind kind;
    struct json_span id;     /* a string, a number or null */
    struct json_span method; /* a string */
    struct json_span params; /* any value: which form a method takes is the method's business */
    struct json_span result; /* any value */
    struct json_span error;  /* whole; its parts stand below once it was found to be right */
    int64_t error_code;
    struct json_span error_message; /* a string */
    struct json_span error_data;
};

enum jsonrpc_result {
    JSONRPC_OK,
    JSONRPC_NOT_JSON,    /* answered with JSONRPC_NOT_JSON_CODE */
    JSONRPC_BAD_MESSAGE, /* JSON, but no message; answered with JSONRPC_BAD_MESSAGE_CODE */
    JSONRPC_NO_MEMORY,
};

/* Takes a message apart. JSONRPC_BAD_MESSAGE: no object, no "jsonrpc":"2.0", not exactly one of method, result and
 * error, an id of another type, an answer without id, or an error without code and message. Then message->kind says
 * nothing, but id is set if there is one to answer to, and so are method, params, result and error, of any type:
 * whoever has requests of his own under way can see that this was meant to be an answer. Members that are not named
 * above are ignored. */
enum jsonrpc_result jsonrpc_read(const char *text, size_t bytes, struct jsonrpc_message *message, struct error *err);

enum { JSONRPC_WRAPPING_BYTES = 64 }; /* what jsonrpc_add_result() adds to id and result, at most */

/* Adds an answer as one line without its newline. id is the request's, or has no bytes where none could be read: then
 * it is null. result is JSON, passed on as it is; raw newlines in it would end the line. */
void jsonrpc_add_result(struct buffer *out, struct json_span id, struct json_span result);

/* The same for an error. message is a text for people. data stays the caller's, is our own and no client's, and is left
 * out if it is NULL or there is no memory to print it. */
void jsonrpc_add_error(struct buffer *out, struct json_span id, int code, const char *message, const cJSON *data);

/* Adds a request of our own, or a notification: one line, likewise. params is JSON. */
void jsonrpc_add_request(struct buffer *out, const char *id, const char *method, struct json_span params);
void jsonrpc_add_notification(struct buffer *out, const char *method, struct json_span params);

#endif
