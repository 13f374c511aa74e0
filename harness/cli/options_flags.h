/* The table of flags: what each is called, what it takes, which commands it goes with, and what --help says of it. */
#ifndef ASSAY_CLI_OPTIONS_FLAGS_H
#define ASSAY_CLI_OPTIONS_FLAGS_H

#include "cli/options.h"

enum { OPTIONS_FLAGS_MAX = 64 };

struct options_flag {
    const char *name;  /* without its dashes; NULL: a heading of the help */
    char letter;       /* the short form, or 0 */
    const char *value; /* what it takes, as the help calls it; NULL: nothing */
    const char *help;
    unsigned commands; /* bits 1 << enum command */
    const char *wants; /* what a right value is, for the message when set() refuses one */
    bool (*set)(struct options *options, const char *value);
};

extern const struct options_flag options_flags[];
extern const size_t options_flag_count;

#endif
