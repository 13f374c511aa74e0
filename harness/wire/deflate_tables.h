/* The tables of RFC 1951 3.2.5, for wire/deflate_write.c and wire/deflate_read.c. */
#ifndef ASSAY_WIRE_DEFLATE_TABLES_H
#define ASSAY_WIRE_DEFLATE_TABLES_H

enum { DEFLATE_LENGTHS = 29, DEFLATE_DISTANCES = 30, DEFLATE_END = 256 };

/* A code means `base`, and as much more as the bits behind it say. */
struct deflate_row {
    unsigned short base;
    unsigned char extra_bits;
};

extern const struct deflate_row deflate_lengths[DEFLATE_LENGTHS];
extern const struct deflate_row deflate_distances[DEFLATE_DISTANCES];

#endif
