/* The request, the digest of its key, and what a 101 has to say. */
#include "wire/ws_handshake.h"

#include "wire/http_response.h"

#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <string.h>
#include <strings.h>

enum { KEY_RANDOM_BYTES = 16, WS_LIST_MAX_BYTES = 4096 };

static void add_field(struct text *out, const char *name, const char *value, const char *right)
{
    if (!value)
        value = right;
    if (value && *value)
        text_addf(out, "%s: %s\r\n", name, value);
}

void ws_request_write(const struct ws_request *request, struct text *out)
{
    text_addf(out, "%s %s %s\r\n", request->method ? request->method : "GET", request->target ? request->target : "/",
              request->version ? request->version : "HTTP/1.1");
    add_field(out, "Host", request->host, NULL);
    add_field(out, "Upgrade", request->upgrade, "websocket");
    add_field(out, "Connection", request->connection, "Upgrade");
    add_field(out, "Sec-WebSocket-Key", request->key, NULL);
    add_field(out, "Sec-WebSocket-Version", request->ws_version, "13");
    add_field(out, "Origin", request->origin, NULL);
    add_field(out, "Sec-WebSocket-Extensions", request->extensions, NULL);
    add_field(out, "Sec-WebSocket-Protocol", request->protocols, NULL);
    text_addf(out, "%s\r\n", request->fields ? request->fields : "");
}

void ws_handshake_key(char key[WS_KEY_BYTES])
{
    unsigned char random[KEY_RANDOM_BYTES] = {0};

    RAND_bytes(random, sizeof random);
    EVP_EncodeBlock((unsigned char *)key, random, sizeof random);
}

void ws_handshake_accept(const char *key, char accept[WS_ACCEPT_BYTES])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    unsigned char digest[SHA_DIGEST_LENGTH];
    struct text both;

    text_init(&both, strlen(key) + sizeof guid);
    text_addf(&both, "%s%s", key, guid);
    SHA1((const unsigned char *)both.bytes, both.length, digest);
    EVP_EncodeBlock((unsigned char *)accept, digest, sizeof digest);
    text_free(&both);
}

/* The values of all fields of that name, joined as one list (RFC 9110 5.3); returns how many fields there are. */
static size_t collect(const struct http_response *response, const char *name, struct text *list)
{
    const char *at = response->fields.bytes;
    const char *end = at + response->fields.length;
    size_t count = 0;

    while (at < end) {
        const char *value = at + strlen(at) + 1;

        if (strcasecmp(at, name) == 0)
            text_addf(list, "%s%s", count++ ? "," : "", value);
        at = value + strlen(value) + 1;
    }
    return count;
}

/* The next element of a comma-separated list, up to its parameters; NULL: there is none. */
static const char *next_element(const char **list, size_t *length)
{
    const char *element = *list + strspn(*list, ", \t");

    if (!*element)
        return NULL;
    *length = strcspn(element, ",; \t");
    *list = element + strcspn(element, ",");
    return element;
}

static bool lists(const char *list, const char *word, size_t length, bool in_any_case)
{
    const char *element;
    size_t element_length;

    while ((element = next_element(&list, &element_length)))
        if (element_length == length &&
            (in_any_case ? strncasecmp(element, word, length) : strncmp(element, word, length)) == 0)
            return true;
    return false;
}

/* Whether the server chose nothing that was not offered, and no more than so many. */
static bool is_choice(const struct http_response *response, const char *name, const char *offered, size_t most)
{
    struct text chosen;
    const char *element;
    size_t length, count = 0;
    bool right = true;

    text_init(&chosen, WS_LIST_MAX_BYTES);
    collect(response, name, &chosen);
    for (const char *rest = chosen.bytes; (element = next_element(&rest, &length)); count++)
        right = right && lists(offered ? offered : "", element, length, false);
    right = right && count <= most && !chosen.cut;
    text_free(&chosen);
    return right;
}

static bool says(const struct http_response *response, const char *name, const char *word, bool alone)
{
    struct text values;

    text_init(&values, WS_LIST_MAX_BYTES);
    collect(response, name, &values);
    bool right = alone ? strcasecmp(values.bytes, word) == 0 : lists(values.bytes, word, strlen(word), true);
    text_free(&values);
    return right;
}

static bool accepts(const struct http_response *response, const char *key)
{
    char wanted[WS_ACCEPT_BYTES];
    struct text values;

    ws_handshake_accept(key ? key : "", wanted);
    text_init(&values, WS_LIST_MAX_BYTES);
    bool right = collect(response, "Sec-WebSocket-Accept", &values) == 1 && strcmp(values.bytes, wanted) == 0;
    text_free(&values);
    return right;
}

const char *ws_handshake_fault(const struct ws_request *request, const struct http_response *response)
{
    if (!says(response, "Upgrade", "websocket", true))
        return "its Upgrade is not \"websocket\" (RFC 6455 4.1)";
    if (!says(response, "Connection", "upgrade", false))
        return "its Connection has no token \"Upgrade\" (RFC 6455 4.1)";
    if (!accepts(response, request->key))
        return "its Sec-WebSocket-Accept is not that of the key (RFC 6455 4.1)";
    if (!is_choice(response, "Sec-WebSocket-Extensions", request->extensions, SIZE_MAX))
        return "it chooses an extension that was not offered (RFC 6455 4.1)";
    if (!is_choice(response, "Sec-WebSocket-Protocol", request->protocols, 1))
        return "it chooses a subprotocol that was not offered (RFC 6455 4.1)";
    return NULL;
}
