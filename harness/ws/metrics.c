/* A metric of the server, in Prometheus' text format, over HTTP on the same port. */
#include "case/state.h"
#include "check.h"
#include "net/tcp.h"
#include "target/manifest.h"
#include "wire/http_response.h"
#include "ws/peer.h"

#include <stdlib.h>
#include <string.h>

enum { REQUEST_MAX_BYTES = 64 << 10 };

static bool fetch(struct ws_target *target, const char *path, struct http_response *response)
{
    int64_t deadline_ns = deadline_after(WS_WAIT_MS);
    const struct tcp_plan whole = tcp_plan_whole();
    struct text request;
    struct tcp *wire = malloc(sizeof *wire);

    if (!wire)
        error_of_environment("no memory for a client");
    text_init(&request, REQUEST_MAX_BYTES);
    text_addf(&request, "GET %s HTTP/1.1\r\nHost: %s\r\n%sConnection: close\r\n\r\n", path, target->host,
              target->fields);
    enum tcp_result result =
        tcp_dial(wire, (struct sockaddr *)&target->address.socket, target->address.socket_bytes, 0, deadline_ns);
    if (result == TCP_OK)
        result = tcp_send(wire, request.bytes, request.length, &whole, deadline_ns, NULL);
    while (result == TCP_OK && response->progress == HTTP_READING) {
        result = tcp_receive(wire, deadline_ns);
        if (result == TCP_OK)
            wire->begin += http_response_feed(response, wire->buffer + wire->begin, wire->end - wire->begin);
    }
    if (result == TCP_FIN)
        http_response_end(response);
    tcp_close(wire);
    free(wire);
    text_free(&request);
    return response->progress == HTTP_WHOLE && response->status == 200;
}

/* The sum over all labels; false: there is no such metric. */
static bool sum(const char *text, const char *name, int64_t *total)
{
    size_t length = strlen(name);
    bool found = false;

    *total = 0;
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) != 0 || (line[length] != ' ' && line[length] != '{'))
            continue;
        const char *value = line[length] == '{' ? strstr(line, "} ") : line + length;
        if (!value)
            break;
        *total += (int64_t)strtod(value + (*value == '}'), NULL);
        found = true;
    }
    return found;
}

int64_t ws_metric(struct ws_target *target, const char *name)
{
    const struct manifest_server *entry = manifest_entry(case_context()->manifest, "ws");
    struct http_response response;
    int64_t total = 0;

    if (!entry || !entry->metrics)
        not_applicable("the manifest does not say where the metrics are (\"ws\": {\"metrics\": \"/metrics\"})");
    http_response_init(&response, false);
    bool known = fetch(target, entry->metrics, &response) && sum(response.body.bytes, name, &total);
    http_response_free(&response);
    if (!known)
        not_applicable("%s does not show %s", entry->metrics, name);
    return total;
}
