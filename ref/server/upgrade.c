/* The opening handshake of a WebSocket (RFC 6455 4.2), after the server's policy has let the request in. */
#include "server/upgraded_private.h"

#include "base/token.h"
#include "websocket/handshake.h"

#include <stdio.h>

static int judge(const struct http_request *request, char accept[WEBSOCKET_ACCEPT_BYTES])
{
    struct websocket_field fields[HTTP_FIELDS_MAX];

    if (request->chunked || request->content_length > 0)
        return 400; /* where would the frames begin? */
    for (size_t i = 0; i < request->field_count; i++)
        fields[i] = (struct websocket_field){request->fields[i].name, request->fields[i].value};
    return websocket_judge(request->method, request->minor, fields, request->field_count, accept);
}

bool upgrade_judge(const struct adapter *adapter, const struct http_request *request, struct response *response)
{
    char accept[WEBSOCKET_ACCEPT_BYTES], id[TOKEN_UUID_BYTES];
    int status = adapter ? judge(request, accept) : 404;

    if (status == 0 && !token_uuid(id))
        status = 503;
    if (status != 0) {
        response_error(response, status, NULL);
        if (status == 426)
            snprintf(response->field, sizeof response->field,
                     "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
        return false;
    }
    response->status = 101;
    /* The last field is what ACP's remote transport wants; it names the connection, and proves nothing. */
    snprintf(response->field, sizeof response->field,
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\nAcp-Connection-Id: %s\r\n",
             accept, id);
    return true;
}
