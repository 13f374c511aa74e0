/* The reference's JSON check and the referee's reader accept the same bytes; and what the reference takes out of text
 * that it has checked means to the referee what it meant there. */
#include "fuzz.h"
#include "json/parse.h"
#include "json/string.h"
#include "referee.h"

#include <string.h>

static const size_t out_max_bytes = 64 << 20;

/* Decoded and written anew, a string is the same string. */
static void check_string(struct json_span value)
{
    struct buffer out = buffer_new(out_max_bytes);
    size_t bytes;
    char *text = json_string(value, &bytes);

    fuzz_require(text != NULL, "a string can be decoded");
    json_add_string(&out, text, bytes);
    fuzz_require(referee_equal(value.at, value.bytes, out.data, out.bytes), "a string survives decoding");
    free(text);
    buffer_free(&out);
}

static void check_value(struct json_span value)
{
    int64_t ours = 0, theirs = 0;
    bool is_integer = json_integer(value, &ours);

    fuzz_require(referee_reads(value.at, value.bytes), "a value is JSON by itself");
    fuzz_require(is_integer == referee_integer(value.at, value.bytes, &theirs), "both see an integer, or neither");
    fuzz_require(!is_integer || ours == theirs, "both see the same integer");
    if (json_is_string(value))
        check_string(value);
}

static void check_members(struct json_span object)
{
    struct json_member member = {0};

    while (json_next_member(object, &member)) {
        check_string(member.name);
        check_value(member.value);
    }
}

static void check_compact(struct json_span text)
{
    struct buffer compact = buffer_new(out_max_bytes);
    struct buffer again = buffer_new(out_max_bytes);

    json_add_compact(&compact, text);
    json_add_compact(&again, (struct json_span){compact.data, compact.bytes});
    fuzz_require(!memchr(compact.data, '\n', compact.bytes), "compact text is one line");
    fuzz_require(referee_equal(text.at, text.bytes, compact.data, compact.bytes), "compact text means the same");
    fuzz_require(strcmp(compact.data, again.data) == 0, "compact text cannot be made more compact");
    check_value((struct json_span){compact.data, compact.bytes}); /* a value without white space around it */
    buffer_free(&compact);
    buffer_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json_span text = {(const char *)data, size};
    enum json_result result = json_check(text.at, text.bytes, NULL);
    cJSON *root;

    if (result == JSON_TOO_DEEP) /* the referee's limit is another one, and out of a fuzzer's reach */
        return 0;
    fuzz_require((result == JSON_OK) == referee_reads(text.at, text.bytes), "both accept, or both refuse");
    if (result != JSON_OK)
        return 0;
    check_compact(text);
    check_members(text);
    result = json_parse(text.at, text.bytes, &root, NULL);
    fuzz_require(result == JSON_OK || result == JSON_NUL, "what was checked can be parsed");
    cJSON_Delete(root);
    return 0;
}
