/* The strict reader: what it takes, what it refuses and at which byte, and its limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "json/json.h"
#include "tests/json_documents.h"

enum { PASS_COUNT = sizeof must_pass / sizeof *must_pass, FAIL_COUNT = sizeof must_fail / sizeof *must_fail };

static const struct json *read_string(const char *text)
{
    return json_read(text, strlen(text), NULL);
}

/* The text is read out of a block of just its size, so that AddressSanitizer sees a read behind its end. */
static const struct json *read_tight(const char *text, size_t bytes, struct json_error *error)
{
    char *tight = malloc(bytes ? bytes : 1);

    assert_non_null(tight);
    memcpy(tight, text, bytes);
    const struct json *root = json_read(tight, bytes, error);
    free(tight);
    return root;
}

static void show(struct text *shown, const struct document *document)
{
    text_init(shown, 1000);
    text_add_visible(shown, document->text, document->bytes, 200);
}

static void right_documents_are_read(void **state)
{
    (void)state;

    for (size_t i = 0; i < PASS_COUNT; i++) {
        struct json_error error = {0};
        struct text shown;
        const struct json *root = read_tight(must_pass[i].text, must_pass[i].bytes, &error);

        show(&shown, &must_pass[i]);
        if (!root)
            fail_msg("refused: %s: byte %zu: %s", shown.bytes, error.offset, error.text);
        text_free(&shown);
        json_free(root);
    }
}

static void wrong_documents_are_refused_with_a_reason(void **state)
{
    (void)state;

    for (size_t i = 0; i < FAIL_COUNT; i++) {
        struct json_error error = {0};
        struct text shown;
        const struct json *root = read_tight(must_fail[i].text, must_fail[i].bytes, &error);

        show(&shown, &must_fail[i]);
        if (root)
            fail_msg("accepted: %s", shown.bytes);
        assert_true(error.offset <= must_fail[i].bytes);
        assert_int_not_equal(error.text[0], '\0');
        text_free(&shown);
        assert_null(json_read(must_fail[i].text, must_fail[i].bytes, NULL));
    }
}

/* What holds at the root must hold at every place a value may stand. */
static void wrapping_changes_no_verdict(void **state)
{
    (void)state;
    static const char *const wraps[][2] = {{"[", "]"}, {"[0,", "]"}, {"[", ",0]"}, {"{\"z\":", "}"}};

    for (size_t wrap = 0; wrap < 4; wrap++) {
        for (size_t i = 0; i < PASS_COUNT + FAIL_COUNT; i++) {
            const struct document *document = i < PASS_COUNT ? &must_pass[i] : &must_fail[i - PASS_COUNT];
            struct text text;

            text_init(&text, 10000);
            text_add(&text, wraps[wrap][0]);
            text_add_bytes(&text, document->text, document->bytes);
            text_add(&text, wraps[wrap][1]);
            const struct json *root = json_read(text.bytes, text.length, NULL);
            /* Behind another value, some of the wrong ones become right: "1,2" and nothing at all. */
            bool blank = strspn(document->text, " \n") == document->bytes;
            if (i < PASS_COUNT)
                assert_non_null(root);
            else if (!blank && !strchr(document->text, ','))
                assert_null(root);
            json_free(root);
            text_free(&text);
        }
    }
}

static void every_cut_document_is_refused(void **state)
{
    (void)state;

    for (size_t i = 0; i < PASS_COUNT; i++) {
        const struct document *document = &must_pass[i];

        if (!strchr("[{\"tfn", document->text[0]))
            continue; /* a cut number may be a number */
        size_t last = document->bytes;
        while (strchr(" \t\r\n", document->text[last - 1]))
            last--;
        for (size_t bytes = 0; bytes < last; bytes++)
            assert_null(read_tight(document->text, bytes, NULL));
    }
}

static void errors_point_at_the_wrong_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t offset;
    } cases[] = {
        {"", 0},
        {"  ", 2},
        {"nulL", 0},
        {"[1,]", 3},
        {"[1 2]", 3},
        {"[1", 2},
        {"{\"a\" 1}", 5},
        {"{\"a\":1,}", 7},
        {"{}x", 2},
        {"01", 1},
        {"[1.]", 3},
        {"1e+", 3},
        {"\"ab\tc\"", 3},
        {"\"ab\\qc\"", 3},
        {"\"\\u12g4\"", 5},
        {"\"a\\ud800\"", 2},
        {"\"a\xFF\"", 2},
        {"{\"a\":1,\"a\":2}", 11},
        {"{\"a\":[}", 6},
        {"\"abc", 4},
        {"[\"a\",'b']", 5},
        {"{\"b\":0,\"a\":1,\"c\":2,\"a\":3,\"b\":4}", 23},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct json_error error;

        assert_null(json_read(cases[i].text, strlen(cases[i].text), &error));
        assert_int_equal(error.offset, cases[i].offset);
    }
}

static const struct json *read_event(const char *text)
{
    return json_read_event(text, strlen(text), NULL);
}

/* An event may hold half a pair as an escape, and it equals no other one; everything else is as strict as ever. */
static void half_a_surrogate_pair_is_read_in_events_only(void **state)
{
    (void)state;
    static const char *const halves[] = {"\"\\ud800\"", "\"\\udfff\"", "\"\\ud800A\"", "\"\\udc00\\ud800\"",
                                         "\"\\ufffd\""};
    enum { HALVES = sizeof halves / sizeof *halves };

    for (int i = 0; i < HALVES; i++)
        for (int j = 0; j < HALVES; j++) {
            const struct json *first = read_event(halves[i]);
            const struct json *second = read_event(halves[j]);

            assert_non_null(first);
            assert_int_equal(json_equal(first, second), i == j);
            json_free(first);
            json_free(second);
        }
    const struct json *escaped = read_event("\"\\ud83d\\ude00\\ud800\\u0041\"");
    assert_string_equal(json_as_string(escaped), "\xF0\x9F\x98\x80\xED\xA0\x80"
                                                 "A");
    json_free(escaped);
    assert_null(read_event("\"\\ud800\\u004\""));
    assert_null(read_event("\"\xED\xA0\x80\""));
}

static void the_tree_says_what_the_text_says(void **state)
{
    (void)state;
    static const char text[] = " {\"a\" : [1, \"x\\n\\u0000y\", {}] , \"b\\u00e9\":null,\"c\":true, \"d\":false} ";
    const struct json *root = json_read(text, sizeof text - 1, NULL);

    assert_non_null(root);
    assert_int_equal(root->type, JSON_OBJECT);
    assert_int_equal(root->count, 4);
    assert_null(root->name);
    assert_null(root->next);
    assert_int_equal(root->raw_bytes, sizeof text - 3);
    assert_memory_equal(root->raw, text + 1, root->raw_bytes);

    const struct json *a = root->child;
    assert_string_equal(a->name, "a");
    assert_int_equal(a->type, JSON_ARRAY);
    assert_int_equal(a->count, 3);
    assert_int_equal(a->raw_bytes, strlen("[1, \"x\\n\\u0000y\", {}]"));
    assert_memory_equal(a->raw, "[1, \"x\\n\\u0000y\", {}]", a->raw_bytes);
    assert_memory_equal(a->child->raw, "1", a->child->raw_bytes);
    assert_null(a->child->name);
    const struct json *string = a->child->next;
    assert_int_equal(string->type, JSON_STRING);
    assert_int_equal(string->string_bytes, 4);
    assert_memory_equal(string->string, "x\n\0y", 5);
    assert_int_equal(string->next->type, JSON_OBJECT);
    assert_int_equal(string->next->raw_bytes, 2);
    assert_null(string->next->child);
    assert_null(string->next->next);

    assert_string_equal(a->next->name, "b\xC3\xA9");
    assert_int_equal(a->next->name_bytes, 3);
    assert_int_equal(a->next->type, JSON_NULL);
    assert_int_equal(json_get(root, "c")->type, JSON_TRUE);
    assert_int_equal(json_get(root, "d")->type, JSON_FALSE);
    assert_null(json_get(root, "d")->next);
    json_free(root);
}

static void members_are_found_by_their_whole_name(void **state)
{
    (void)state;
    const struct json *root = read_string("{\"seq\":1,\"SEQ\":2,\"se\":3,\"seq\\u0000\":4,\"s\":\"t\"}");

    assert_memory_equal(json_get(root, "seq")->raw, "1", 1);
    assert_memory_equal(json_get(root, "SEQ")->raw, "2", 1);
    assert_null(json_get(root, "sequence"));
    assert_null(json_get(root, ""));
    assert_null(json_get(NULL, "seq"));
    assert_null(json_get(json_get(root, "s"), "seq"));
    json_free(root);
}

static void strings_are_given_unless_they_hold_a_nul(void **state)
{
    (void)state;
    const struct json *root = read_string("{\"a\":\"text\",\"b\":\"te\\u0000xt\",\"c\":1,\"d\":\"\"}");

    assert_string_equal(json_get_string(root, "a"), "text");
    assert_null(json_get_string(root, "b"));
    assert_null(json_get_string(root, "c"));
    assert_string_equal(json_get_string(root, "d"), "");
    assert_null(json_get_string(root, "e"));
    assert_null(json_as_string(root));
    assert_null(json_as_string(NULL));
    json_free(root);
}

static void integers_are_given_if_they_fit(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool fits;
        int64_t value;
    } cases[] = {
        {"0", true, 0},
        {"-0", true, 0},
        {"17", true, 17},
        {"-17", true, -17},
        {"9007199254740993", true, 9007199254740993},
        {"9223372036854775807", true, INT64_MAX},
        {"9223372036854775808", false, 0},
        {"-9223372036854775808", true, INT64_MIN},
        {"-9223372036854775809", false, 0},
        {"99999999999999999999999999", false, 0},
        {"1.0", false, 0},
        {"1e0", false, 0},
        {"\"1\"", false, 0},
        {"true", false, 0},
        {"[]", false, 0},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct json *value = read_string(cases[i].text);
        int64_t out = 42;

        assert_int_equal(json_as_integer(value, &out), cases[i].fits);
        assert_true(out == (cases[i].fits ? cases[i].value : 42));
        json_free(value);
    }
    int64_t out = 42;
    assert_false(json_as_integer(NULL, &out));
    const struct json *root = read_string("{\"n\":5}");
    assert_true(json_get_integer(root, "n", &out));
    assert_int_equal(out, 5);
    assert_false(json_get_integer(root, "m", &out));
    json_free(root);
}

/* Writes `depth` levels of arrays, objects, or both by turns, around a 0. */
static void nest(struct text *text, size_t depth, const char *kind)
{
    size_t kinds = strlen(kind);

    for (size_t i = 0; i < depth; i++)
        text_add(text, kind[i % kinds] == '[' ? "[" : "{\"a\":");
    text_add(text, "0");
    for (size_t i = depth; i-- > 0;)
        text_add(text, kind[i % kinds] == '[' ? "]" : "}");
}

static void depth_has_a_maximum_and_needs_no_stack(void **state)
{
    (void)state;
    static const char *const kinds[] = {"[", "{", "[{"};

    for (size_t kind = 0; kind < 3; kind++) {
        for (size_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 1; depth++) {
            struct text text;
            struct json_error error = {0};

            text_init(&text, 10 * JSON_DEPTH_MAX);
            nest(&text, depth, kinds[kind]);
            assert_false(text.cut);
            const struct json *root = json_read(text.bytes, text.length, &error);
            if (depth > JSON_DEPTH_MAX) {
                assert_null(root);
                assert_string_equal(error.text, "deeper than 200000 levels");
            } else {
                assert_non_null(root);
                assert_true(json_equal(root, root));
            }
            json_free(root);
            text_free(&text);
        }
    }
}

static void unclosed_brackets_are_refused_at_any_depth(void **state)
{
    (void)state;
    enum { BRACKETS = 2 * JSON_DEPTH_MAX };
    char *text = malloc(BRACKETS);
    struct json_error error;

    assert_non_null(text);
    memset(text, '[', BRACKETS);
    assert_null(json_read(text, JSON_DEPTH_MAX, &error));
    assert_int_equal(error.offset, JSON_DEPTH_MAX);
    assert_null(json_read(text, BRACKETS, &error));
    assert_int_equal(error.offset, JSON_DEPTH_MAX);
    free(text);
}

/* Depth is what is open, not what has been opened. */
static void containers_side_by_side_are_not_deep(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 10 * JSON_DEPTH_MAX);
    text_add(&text, "[[]");
    for (size_t i = 0; i < JSON_DEPTH_MAX; i++)
        text_add(&text, i % 2 ? ",[]" : ",{}");
    text_add(&text, "]");
    const struct json *root = json_read(text.bytes, text.length, NULL);
    assert_non_null(root);
    assert_int_equal(root->count, JSON_DEPTH_MAX + 1);
    json_free(root);
    text_free(&text);
}

static void the_number_of_values_has_a_maximum(void **state)
{
    (void)state;

    for (size_t count = JSON_VALUES_MAX - 1; count <= JSON_VALUES_MAX + 1; count++) {
        struct text text;
        struct json_error error = {0};

        text_init(&text, 2 * JSON_VALUES_MAX + 2);
        text_add(&text, "[0");
        for (size_t i = 2; i < count; i++)
            text_add_bytes(&text, ",0", 2);
        text_add(&text, "]");
        const struct json *root = json_read(text.bytes, text.length, &error);
        if (count > JSON_VALUES_MAX) {
            assert_null(root);
            assert_int_equal(error.offset, text.length - 2);
        } else {
            assert_non_null(root);
            assert_int_equal(root->count, count - 1);
        }
        json_free(root);
        text_free(&text);
    }
}

static void commas_and_brackets_in_strings_are_no_values(void **state)
{
    (void)state;
    struct text text;

    text_init(&text, 3 * JSON_VALUES_MAX);
    text_add(&text, "[\"\\\"");
    for (size_t i = 0; i < JSON_VALUES_MAX; i++)
        text_add_bytes(&text, ",", 1);
    text_add(&text, "\\\\\",1]");
    const struct json *root = json_read(text.bytes, text.length, NULL);
    assert_non_null(root);
    assert_int_equal(root->count, 2);
    json_free(root);
    text_free(&text);
}

static void add_members(struct text *text, size_t count)
{
    text_add(text, "{");
    for (size_t i = 0; i < count; i++)
        text_addf(text, "%s\"member-%zu\":%zu", i ? "," : "", i * 7919 % count, i * 7919 % count);
}

static void an_object_may_have_many_members_but_no_two_of_one_name(void **state)
{
    (void)state;
    enum { MEMBERS = 100003 };
    struct json_error error = {0};
    struct text text;

    text_init(&text, 10 << 20);
    add_members(&text, MEMBERS);
    text_add(&text, ",\"member-77\":1}");
    assert_null(json_read(text.bytes, text.length, &error));
    assert_int_equal(error.offset, text.length - 2);
    assert_string_equal(error.text, "a second member of the name \"member-77\"");

    text_clear(&text);
    add_members(&text, MEMBERS);
    text_add(&text, "}");
    const struct json *root = json_read(text.bytes, text.length, &error);
    assert_non_null(root);
    assert_int_equal(root->count, MEMBERS);
    assert_memory_equal(json_get(root, "member-99999")->raw, "99999", 5);
    json_free(root);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_documents_are_read),
        cmocka_unit_test(wrong_documents_are_refused_with_a_reason),
        cmocka_unit_test(wrapping_changes_no_verdict),
        cmocka_unit_test(every_cut_document_is_refused),
        cmocka_unit_test(errors_point_at_the_wrong_byte),
        cmocka_unit_test(half_a_surrogate_pair_is_read_in_events_only),
        cmocka_unit_test(the_tree_says_what_the_text_says),
        cmocka_unit_test(members_are_found_by_their_whole_name),
        cmocka_unit_test(strings_are_given_unless_they_hold_a_nul),
        cmocka_unit_test(integers_are_given_if_they_fit),
        cmocka_unit_test(depth_has_a_maximum_and_needs_no_stack),
        cmocka_unit_test(unclosed_brackets_are_refused_at_any_depth),
        cmocka_unit_test(containers_side_by_side_are_not_deep),
        cmocka_unit_test(the_number_of_values_has_a_maximum),
        cmocka_unit_test(commas_and_brackets_in_strings_are_no_values),
        cmocka_unit_test(an_object_may_have_many_members_but_no_two_of_one_name),
    };

    return cmocka_run_group_tests_name("json", tests, NULL, NULL) != 0;
}
