/* Ids and proofs that nobody can guess: random bytes of OpenSSL's generator. Pure but for that; any thread. */
#ifndef REF_BASE_TOKEN_H
#define REF_BASE_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    TOKEN_UUID_BYTES = 37,   /* with NUL */
    TOKEN_TEXT_BYTES = 44,   /* 32 bytes in base64url (RFC 4648 5) without padding, and NUL */
    TOKEN_DIGEST_BYTES = 32, /* SHA-256 */
    TOKEN_KEY_BYTES = 32,
    TOKEN_CURSOR_BYTES = 49, /* 16 digits of a number, 32 of its proof, and NUL */
};

/* A UUID of version 4 (RFC 9562 5.4). False: no random numbers. */
bool token_uuid(char uuid[TOKEN_UUID_BYTES]);

/* A token, and the digest by which it is known again. False: no random numbers. */
bool token_new(char text[TOKEN_TEXT_BYTES], unsigned char digest[TOKEN_DIGEST_BYTES]);

/* Is it the token? Takes as long whether it nearly is or not at all. */
bool token_matches(const char *text, size_t bytes, const unsigned char digest[TOKEN_DIGEST_BYTES]);

bool token_key(unsigned char key[TOKEN_KEY_BYTES]);

/* A number that is given to a holder and comes back, so that neither another number nor another holder's can. */
bool token_cursor(const unsigned char key[TOKEN_KEY_BYTES], uint64_t holder, uint64_t number,
                  char cursor[TOKEN_CURSOR_BYTES]);
bool token_cursor_read(const unsigned char key[TOKEN_KEY_BYTES], uint64_t holder, const char *cursor, size_t bytes,
                       uint64_t *number);

#endif
