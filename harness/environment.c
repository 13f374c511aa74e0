#include "environment.h"

#include "sanitizer.h"

#include <string.h>

enum { VARIABLE_BYTES_MAX = 16 << 10 };

static void add_filled(struct text *text, const char *value, const char *directory)
{
    for (const char *mark; (mark = strstr(value, "${DIR}")); value = mark + strlen("${DIR}")) {
        text_add_bytes(text, value, (size_t)(mark - value));
        text_add(text, directory);
    }
    text_add(text, value);
}

size_t environment_build(const struct case_context *context, struct text variables[ENVIRONMENT_MAX])
{
    size_t count = 0;
    for (; count < context->manifest->env_count; count++) {
        const struct manifest_pair *pair = &context->manifest->env[count];
        text_init(&variables[count], VARIABLE_BYTES_MAX);
        text_addf(&variables[count], "%s=", pair->name);
        add_filled(&variables[count], pair->value, context->directory);
    }
    static const char *const runtimes[] = {"ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"};
    for (size_t i = 0; context->manifest->sanitizer && i < sizeof runtimes / sizeof *runtimes; i++, count++) {
        text_init(&variables[count], VARIABLE_BYTES_MAX);
        text_addf(&variables[count], "%s=log_path=%s/%s:exitcode=%d:halt_on_error=0", runtimes[i], context->directory,
                  SANITIZER_LOG, SANITIZER_EXIT);
    }
    return count;
}
