/* Random bytes, and texts of them. */
#include "base/token.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <stdio.h>
#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

enum { RANDOM_BYTES = 32, NUMBER_DIGITS = 16, PROOF_BYTES = 16 };

bool token_uuid(char uuid[TOKEN_UUID_BYTES])
{
    unsigned char raw[16];
    size_t at = 0;

    if (RAND_bytes(raw, sizeof raw) != 1)
        return false;
    raw[6] = (unsigned char)((raw[6] & 0x0f) | 0x40); /* version */
    raw[8] = (unsigned char)((raw[8] & 0x3f) | 0x80); /* variant */
    for (size_t i = 0; i < sizeof raw; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            uuid[at++] = '-';
        snprintf(uuid + at, 3, "%02x", raw[i]);
        at += 2;
    }
    return true;
}

/* Base64 as OpenSSL has it, with the two letters of base64url and without padding. */
bool token_new(char text[TOKEN_TEXT_BYTES], unsigned char digest[TOKEN_DIGEST_BYTES])
{
    unsigned char raw[RANDOM_BYTES];
    unsigned char padded[TOKEN_TEXT_BYTES + 1];

    if (RAND_bytes(raw, sizeof raw) != 1)
        return false;
    EVP_EncodeBlock(padded, raw, sizeof raw);
    memcpy(text, padded, TOKEN_TEXT_BYTES - 1);
    text[TOKEN_TEXT_BYTES - 1] = '\0';
    for (char *letter = text; *letter; letter++)
        *letter = *letter == '+' ? '-' : *letter == '/' ? '_' : *letter;
    SHA256((const unsigned char *)text, TOKEN_TEXT_BYTES - 1, digest);
    OPENSSL_cleanse(raw, sizeof raw);
    return true;
}

bool token_matches(const char *text, size_t bytes, const unsigned char digest[TOKEN_DIGEST_BYTES])
{
    unsigned char other[TOKEN_DIGEST_BYTES];

    SHA256((const unsigned char *)text, bytes, other);
    return CRYPTO_memcmp(other, digest, sizeof other) == 0;
}

bool token_key(unsigned char key[TOKEN_KEY_BYTES])
{
    return RAND_bytes(key, TOKEN_KEY_BYTES) == 1;
}

bool token_cursor(const unsigned char key[TOKEN_KEY_BYTES], uint64_t holder, uint64_t number,
                  char cursor[TOKEN_CURSOR_BYTES])
{
    unsigned char proof[EVP_MAX_MD_SIZE];
    uint64_t what[] = {holder, number};

    if (!HMAC(EVP_sha256(), key, TOKEN_KEY_BYTES, (const unsigned char *)what, sizeof what, proof, NULL))
        return false;
    snprintf(cursor, NUMBER_DIGITS + 1, "%016jx", (uintmax_t)number);
    for (size_t i = 0; i < PROOF_BYTES; i++)
        snprintf(cursor + NUMBER_DIGITS + 2 * i, 3, "%02x", proof[i]);
    return true;
}

bool token_cursor_read(const unsigned char key[TOKEN_KEY_BYTES], uint64_t holder, const char *cursor, size_t bytes,
                       uint64_t *number)
{
    char right[TOKEN_CURSOR_BYTES];

    *number = 0;
    if (bytes != TOKEN_CURSOR_BYTES - 1)
        return false;
    for (size_t i = 0; i < NUMBER_DIGITS; i++) {
        const char *digit = memchr(hex_digits, cursor[i], 16);

        if (!digit)
            return false;
        *number = *number * 16 + (uint64_t)(digit - hex_digits);
    }
    return token_cursor(key, holder, *number, right) && CRYPTO_memcmp(right, cursor, bytes) == 0;
}
