/* Memory for the referee's own bookkeeping, of which there is always enough, or the process ends. */
#ifndef ASSAY_BASE_XALLOC_H
#define ASSAY_BASE_XALLOC_H

#include <stddef.h>

/* realloc() for `count` elements of bytes_each, never NULL; old may be NULL. When memory runs out, or the product
 * passes SIZE_MAX, it says so on standard error and aborts. Freed with free(). Thread-safe as malloc() is. */
void *xalloc_resize(void *old, size_t count, size_t bytes_each);

#endif
