/* The opening handshake: fields found, lists searched, and the digest that shows that who answered has understood. */
#include "websocket/handshake.h"

#include "base/list.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/evp.h>
#include <openssl/sha.h>

static const char version[] = "13";

/* The fields of a message, and one of their names. */
struct search {
    const struct websocket_field *fields;
    size_t count;
    const char *name;
};

static size_t times(struct search search)
{
    size_t found = 0;

    for (size_t i = 0; i < search.count; i++)
        found += strcasecmp(search.fields[i].name, search.name) == 0;
    return found;
}

/* The value of a field that comes exactly once, else NULL. */
static const char *only_value(struct search search)
{
    const char *value = NULL;

    for (size_t i = 0; i < search.count; i++) {
        if (strcasecmp(search.fields[i].name, search.name) == 0)
            value = search.fields[i].value;
    }
    return times(search) == 1 ? value : NULL;
}

/* A list may be spread over several fields of that name (RFC 9110 5.3). */
static bool any_list_has(struct search search, const char *token)
{
    for (size_t i = 0; i < search.count; i++) {
        if (strcasecmp(search.fields[i].name, search.name) == 0 && list_has(search.fields[i].value, token))
            return true;
    }
    return false;
}

/* Base64 of 16 bytes: 22 characters and two "=". The last of the 22 has four bits too many; the standard's own example
 * has some of them set (4.1), so they are not looked at. */
static bool is_key(const char *key)
{
    static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    return strspn(key, base64) == 22 && strcmp(key + 22, "==") == 0;
}

static void digest(const char key[WEBSOCKET_KEY_BYTES], char accept[WEBSOCKET_ACCEPT_BYTES])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; /* 1.3 */
    char text[WEBSOCKET_KEY_BYTES + sizeof guid];
    unsigned char sha[SHA_DIGEST_LENGTH];

    snprintf(text, sizeof text, "%s%s", key, guid);
    SHA1((const unsigned char *)text, strlen(text), sha);
    EVP_EncodeBlock((unsigned char *)accept, sha, sizeof sha);
}

int websocket_judge(const char *method, int http_minor, const struct websocket_field *fields, size_t count,
                    char accept[WEBSOCKET_ACCEPT_BYTES])
{
    const char *asked = only_value((struct search){fields, count, "Sec-WebSocket-Version"});
    const char *key = only_value((struct search){fields, count, "Sec-WebSocket-Key"});

    if (strcmp(method, "GET") != 0 || http_minor < 1)
        return 400;
    if (!any_list_has((struct search){fields, count, "Upgrade"}, "websocket") ||
        !any_list_has((struct search){fields, count, "Connection"}, "upgrade") || !asked)
        return 400;
    if (strcmp(asked, version) != 0) /* before the key, of which another version may think otherwise */
        return 426;
    if (!key || !is_key(key))
        return 400;
    digest(key, accept);
    return 0;
}

void websocket_key(const unsigned char nonce[WEBSOCKET_NONCE_BYTES], char key[WEBSOCKET_KEY_BYTES])
{
    EVP_EncodeBlock((unsigned char *)key, nonce, WEBSOCKET_NONCE_BYTES);
}

void websocket_add_request_fields(struct buffer *out, const char key[WEBSOCKET_KEY_BYTES])
{
    buffer_add_format(out,
                      "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: %s\r\n"
                      "Sec-WebSocket-Version: %s\r\n",
                      key, version);
}

static bool refuse(struct error *err, const char *why)
{
    error_set(err, "%s (RFC 6455 4.1)", why);
    return false;
}

bool websocket_judge_answer(int status, const struct websocket_field *fields, size_t count,
                            const char key[WEBSOCKET_KEY_BYTES], struct error *err)
{
    const char *upgrade = only_value((struct search){fields, count, "Upgrade"});
    const char *accept = only_value((struct search){fields, count, "Sec-WebSocket-Accept"});
    char expected[WEBSOCKET_ACCEPT_BYTES];

    digest(key, expected);
    if (status != 101)
        return refuse(err, "the status is not 101");
    if (!upgrade || strcasecmp(upgrade, "websocket") != 0)
        return refuse(err, "Upgrade is not websocket");
    if (!any_list_has((struct search){fields, count, "Connection"}, "upgrade"))
        return refuse(err, "Connection does not say Upgrade");
    if (!accept || strcmp(accept, expected) != 0)
        return refuse(err, "Sec-WebSocket-Accept does not fit to the key");
    if (times((struct search){fields, count, "Sec-WebSocket-Extensions"}) > 0)
        return refuse(err, "an extension that nobody has asked for");
    if (times((struct search){fields, count, "Sec-WebSocket-Protocol"}) > 0)
        return refuse(err, "a subprotocol that nobody has asked for");
    return true;
}
