/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. Pure functions of their bytes. */
#ifndef REF_JSON_UTF8_H
#define REF_JSON_UTF8_H

#include <stddef.h>

/* How many bytes the well-formed UTF-8 sequence at the front takes (1 to 4); 0: it is none (RFC 3629, section 4). */
size_t json_utf8_bytes(const char *text, size_t bytes);

/* Writes a code point, which must be no surrogate and at most U+10FFFF, and says how many bytes that took. */
size_t json_utf8_encode(unsigned code, char out[4]);

#endif
