/* Bytes that grow up to a maximum fixed at birth.
 *
 * A failed addition (over the maximum, or no memory) adds nothing and sticks: all later ones fail too. So a writer may
 * add a dozen pieces and look at `failed` once, at the end. A buffer belongs to one thread at a time. */
#ifndef REF_BASE_BUFFER_H
#define REF_BASE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>

struct buffer {
    char *data; /* NUL-terminated behind `bytes` once anything was added, else NULL */
    size_t bytes;
    size_t max_bytes;
    size_t room_bytes;
    bool failed;
};

/* An empty buffer; allocates nothing. */
struct buffer buffer_new(size_t max_bytes);

/* Frees the bytes; the buffer may be used again, empty and not failed. */
void buffer_free(struct buffer *buffer);

/* Keeps the memory, forgets the bytes and the failure. */
void buffer_clear(struct buffer *buffer);

bool buffer_add(struct buffer *buffer, const void *data, size_t bytes);
bool buffer_add_text(struct buffer *buffer, const char *text);
bool buffer_add_format(struct buffer *buffer, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Removes bytes from the front. */
void buffer_drop(struct buffer *buffer, size_t bytes);

/* The bytes leave the buffer and belong to the caller, who frees them; NULL when empty or failed. */
char *buffer_take(struct buffer *buffer, size_t *bytes);

#endif
