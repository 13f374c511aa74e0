/* What the running case knows and has gathered. */
#include "case/state.h"

#include "case/record.h"

#include <stdarg.h>

enum { SENT_BYTES_MAX = 4096, NOTES_MAX = 32 };

static struct case_state the_case;

void case_begin(const struct case_context *context)
{
    text_free(&the_case.sent); /* a test of ours may begin several */
    text_free(&the_case.remark);
    the_case = (struct case_state){.context = context};
    text_init(&the_case.sent, SENT_BYTES_MAX);
    text_init(&the_case.remark, SENT_BYTES_MAX);
}

const struct case_context *case_context(void)
{
    return the_case.context;
}

struct case_state *case_state(void)
{
    return &the_case;
}

const char *case_level(void)
{
    const struct case_context *context = the_case.context;

    if (the_case.level != LEVEL_OF_CHECK)
        return level_name(the_case.level);
    return level_name(room_level(context->room, (size_t)(context->test - context->room->check->cases)));
}

bool case_has_verdict(void)
{
    return the_case.judged;
}

void case_doubt(const char *(*trouble)(void *of), void *of)
{
    the_case.trouble = trouble;
    the_case.trouble_of = of;
}

void case_note_state(const char *format, ...)
{
    struct text note;
    va_list arguments;

    if (the_case.notes == NOTES_MAX)
        return;
    the_case.notes++;
    text_init(&note, RECORD_FIELD_BYTES_MAX);
    va_start(arguments, format);
    text_vaddf(&note, format, arguments);
    va_end(arguments);
    record_write_state(the_case.context->record_fd, note.bytes);
    text_free(&note);
}
