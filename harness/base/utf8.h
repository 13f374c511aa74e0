/* One UTF-8 sequence at a time, as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef ASSAY_BASE_UTF8_H
#define ASSAY_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

enum { UTF8_BYTES_MAX = 4, UTF8_CODE_POINT_MAX = 0x10FFFF };

/* How many of the count bytes the sequence at their front takes, 1 to 4, and what it encodes. 0: there is none, because
 * it is malformed, or ends too early, or count is 0; *code_point is then left as it was. */
size_t utf8_decode(const char *bytes, size_t count, uint32_t *code_point);

/* Writes the sequence of a code point that is not above UTF8_CODE_POINT_MAX. Returns its length. For a surrogate these
 * are three bytes that UTF-8 does not have, and that utf8_decode() refuses. */
size_t utf8_encode(uint32_t code_point, char out[UTF8_BYTES_MAX]);

#endif
