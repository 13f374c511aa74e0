/* A main() for a fuzz target where there is no fuzzer: runs it on files, with any compiler and sanitizer.
 *
 *     fuzz-NAME FILE|FOLDER...
 *
 * Of a folder all files are taken, of its folders none. Exits 1 if there was not a single input, or one cannot be read;
 * whatever the target finds ends the process. */
#include "fuzz.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>

enum { INPUT_MAX_BYTES = 1 << 20 };

static _Noreturn void stop(const char *path, const char *why)
{
    fprintf(stderr, "fuzz: %s: %s\n", path, why);
    exit(1);
}

/* In memory of just its size, so that a sanitizer sees who reads behind the end. */
static void run_file(const char *path)
{
    static uint8_t input[INPUT_MAX_BYTES + 1];
    FILE *file = fopen(path, "rbe");

    if (!file)
        stop(path, strerror(errno));
    size_t bytes = fread(input, 1, sizeof input, file);
    if (ferror(file) || bytes > INPUT_MAX_BYTES)
        stop(path, "cannot be read, or is too long");
    fclose(file);
    uint8_t *exact = malloc(bytes);
    if (bytes > 0)
        memcpy(exact, input, bytes);
    fprintf(stderr, "fuzz: %s\n", path);
    LLVMFuzzerTestOneInput(exact, bytes);
    free(exact);
}

static bool is_folder(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

static size_t run_folder(const char *folder)
{
    char pattern[4096];
    glob_t found = {0};
    size_t count = 0;

    if (snprintf(pattern, sizeof pattern, "%s/*", folder) < (int)sizeof pattern)
        glob(pattern, 0, NULL, &found);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        if (is_folder(found.gl_pathv[i]))
            continue;
        run_file(found.gl_pathv[i]);
        count++;
    }
    globfree(&found);
    return count;
}

int main(int argc, char **argv)
{
    size_t count = 0;

    for (int i = 1; i < argc; i++) {
        if (is_folder(argv[i])) {
            count += run_folder(argv[i]);
        } else {
            run_file(argv[i]);
            count++;
        }
    }
    printf("%zu inputs\n", count);
    return count > 0 ? 0 : 1;
}
