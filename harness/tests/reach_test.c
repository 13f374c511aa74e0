/* Which cases a target is within reach of, and what is said of the others. */
#include "run/reach.h"

#include "json/json.h"
#include "target/manifest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct check_case plain = {.name = "plain"}, measuring = {.name = "measuring", .measures = true};
static const struct check any_check, fork_check = {.needs = {"supervisor", "store.fork"}};
static const struct room store_room = {"store/any", "", &any_check}, http_room = {"http/any", "", &any_check},
                         fork_room = {"store/fork", "", &fork_check}, odd_room = {"odd/any", "", &any_check};

static struct manifest manifest;
static struct config config;
static struct capabilities capabilities;

/* A driver that claims the store alone. */
static int set_up(void **state)
{
    static const char hello[] = "{\"surfaces\":{\"store\":[\"create\",\"append\",\"read\"]}}";

    (void)state;
    manifest = (struct manifest){.name = "fixture"};
    config = (struct config){.jobs = 1};
    capabilities = (struct capabilities){.manifest = &manifest, .hello = json_read(hello, strlen(hello), NULL)};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    capabilities_free(&capabilities);
    return 0;
}

static void assert_within(const struct room *room, const struct check_case *test)
{
    enum verdict verdict;
    struct error why;

    if (!reach_is_given(&capabilities, &config, room, test, &verdict, &why))
        fail_msg("%s", why.text);
}

static void assert_beyond(const struct room *room, const struct check_case *test, enum verdict wanted,
                          const char *words)
{
    enum verdict verdict;
    struct error why;

    assert_false(reach_is_given(&capabilities, &config, room, test, &verdict, &why));
    assert_int_equal(verdict, wanted);
    assert_string_equal(why.text, words);
}

static void what_is_claimed_is_within(void **state)
{
    static struct manifest_server server;

    (void)state;
    assert_within(&store_room, &plain);
    assert_within(&store_room, &measuring);
    assert_within(&odd_room, &plain); /* a defect of ours, which its case finds */
    assert_beyond(&http_room, &plain, VERDICT_NA, "the target does not claim the surface http");
    manifest.http = &server; /* one that only says more of what a driver starts claims nothing */
    assert_beyond(&http_room, &plain, VERDICT_NA, "the target does not claim the surface http");
    server.url = "http://127.0.0.1:80";
    assert_within(&http_room, &plain);
}

static void what_is_required_and_not_claimed_fails(void **state)
{
    (void)state;
    config.require = "store,httpd";
    assert_beyond(&http_room, &plain, VERDICT_NA, "the target does not claim the surface http");
    config.require = "store,http";
    assert_beyond(&http_room, &plain, VERDICT_FAIL, "the target does not claim the surface http");
    config.require = NULL;
    manifest.require[0] = "http";
    assert_beyond(&http_room, &plain, VERDICT_FAIL, "the target does not claim the surface http");
}

static void a_need_that_is_not_met_is_named(void **state)
{
    (void)state;
    config.require = "store";
    assert_beyond(&fork_room, &plain, VERDICT_NA, "the driver does not list the method store.fork");
}

static void an_altered_target_is_not_measured(void **state)
{
    static const char words[] = "time and memory of a sanitised or wrapped target are not measured";

    (void)state;
    config.wrap = "gdb --args";
    assert_within(&store_room, &plain);
    assert_beyond(&store_room, &measuring, VERDICT_NA, words);
    config.wrap = NULL;
    manifest.sanitizer = "asan";
    assert_within(&store_room, &plain);
    assert_beyond(&store_room, &measuring, VERDICT_NA, words);
}

#define REACH_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        REACH_TEST(what_is_claimed_is_within),
        REACH_TEST(what_is_required_and_not_claimed_fails),
        REACH_TEST(a_need_that_is_not_met_is_named),
        REACH_TEST(an_altered_target_is_not_measured),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
