/* Which files list mutants, and which of them a SELECT names. */
#include "red/mutants.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define MUTANT(check, patch, how, target)                                            \
    "{\"check\":\"" check "\",\"patch\":\"" patch "\",\"case\":\"c\",\"how\":\"" how \
    "\",\"evidence\":\"e\",\"target\":\"" target "\"}"

static struct mutants mutants;
static struct error err;

/* Reads the text as mutants.json. */
static bool read_text(const char *text)
{
    char path[] = "/tmp/assay-mutants-XXXXXX";
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    bool taken = mutants_read(&mutants, path, &err);
    unlink(path);
    return taken;
}

static void a_list_is_read(void **state)
{
    (void)state;
    assert_true(
        read_text("[" MUTANT("store/a", "one", "wrong", "/p") "," MUTANT("store/b", "two", "leak", "/q") "]\n"));
    assert_int_equal(mutants.count, 2);
    assert_string_equal(mutants.all[1].check, "store/b");
    assert_string_equal(mutants.all[1].patch, "two");
    assert_string_equal(mutants.all[1].test, "c");
    assert_string_equal(mutants.all[1].how, "leak");
    assert_string_equal(mutants.all[1].evidence, "e");
    assert_string_equal(mutants.all[1].target, "/q");
    mutants_free(&mutants);
    assert_true(read_text("[]"));
    assert_int_equal(mutants.count, 0);
    mutants_free(&mutants);
}

static void anything_else_is_refused(void **state)
{
    (void)state;
    static const char *const texts[][2] = {
        {"", "byte 0"},
        {"{}", "no array"},
        {"[1]", "mutant 1 lacks one of"},
        {"[" MUTANT("a", "b", "wrong", "/p") ",{}]", "mutant 2 lacks one of"},
        {"[" MUTANT("a", "b", "odd", "/p") "]", "mutant 1 has a how that is none of"},
        {"[" MUTANT("a", "b", "wrong", "p") "]", "mutant 1 has a target without an absolute path"},
        {"[" MUTANT("a", "b", "wrong", "/p\",\"x\":\"y") "]", "mutant 1 has a member that is unknown"},
    };

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(read_text(texts[i][0]));
        if (!strstr(err.text, texts[i][1]))
            fail_msg("%s: %s", texts[i][0], err.text);
    }
}

static void the_list_has_a_maximum(void **state)
{
    (void)state;
    static const char one[] = MUTANT("a", "b", "wrong", "/p");
    char *text = malloc((MUTANTS_MAX + 1) * sizeof one + 3);

    assert_non_null(text);
    for (int count = MUTANTS_MAX - 1; count <= MUTANTS_MAX + 1; count++) {
        char *end = stpcpy(text, "[");

        for (int i = 0; i < count; i++)
            end = stpcpy(stpcpy(end, i ? "," : ""), one);
        stpcpy(end, "]");
        bool taken = read_text(text);
        assert_int_equal(taken, count <= MUTANTS_MAX);
        if (taken)
            mutants_free(&mutants);
    }
    free(text);
}

/* The patches that are left, one after the other. */
static void expect_selected(const char *expected, const char *const *patterns, size_t count)
{
    char left[100] = "";

    assert_true(read_text("[" MUTANT("store/a", "one", "wrong", "/p") "," MUTANT(
        "store/a", "two", "wrong", "/p") "," MUTANT("http/a", "three", "wrong", "/p") "]"));
    if (mutants_select(&mutants, patterns, count, &err))
        for (size_t i = 0; i < mutants.count; i++)
            strcat(strcat(left, " "), mutants.all[i].patch);
    else
        strcpy(left, err.text);
    mutants_free(&mutants);
    assert_string_equal(left, expected);
}

#define PATTERNS(...) (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)

static void patterns_choose(void **state)
{
    (void)state;
    expect_selected(" one two three", NULL, 0);
    expect_selected(" one two", PATTERNS("store"));
    expect_selected(" one two", PATTERNS("store/a"));
    expect_selected(" two", PATTERNS("store/a/two"));
    expect_selected(" one two three", PATTERNS("*/a"));
    expect_selected(" two three", PATTERNS("http", "*/two"));
}

static void a_pattern_without_a_match_is_explained(void **state)
{
    (void)state;
    expect_selected("no mutant matches 'stor'; did you mean 'store'?", PATTERNS("http", "stor"));
    expect_selected("no mutant matches 'store/b'; did you mean 'store/a'?", PATTERNS("store/b"));
    expect_selected("no mutant matches 'http/a/thre'; did you mean 'http/a/three'?", PATTERNS("http/a/thre"));
    expect_selected("no mutant matches 'htree'; did you mean 'http/a/three'?", PATTERNS("htree"));
    expect_selected("no mutant matches 'websockets'; --list names all that there are", PATTERNS("websockets"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_list_is_read),
        cmocka_unit_test(anything_else_is_refused),
        cmocka_unit_test(the_list_has_a_maximum),
        cmocka_unit_test(patterns_choose),
        cmocka_unit_test(a_pattern_without_a_match_is_explained),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
