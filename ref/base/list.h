/* Comma-separated lists, as fields of HTTP have them (RFC 9110 5.6.1). Any thread. */
#ifndef REF_BASE_LIST_H
#define REF_BASE_LIST_H

#include <stdbool.h>

/* True when the list, such as Connection's, has that token in it; letter case does not count. */
bool list_has(const char *list, const char *token);

#endif
