/* Races in the ACP core, walked through: what several parties do is cut into steps, and every order in which these
 * steps can come is tried, each in a world of its own. The core has one lock around it, so there are no other orders.
 */
#include "tests/acp_fixture.h"

enum { PARTIES_MAX = 4, STEPS_MAX = 12 };

/* What a test sees of the order that is being tried. */
struct scene {
    struct world *world;
    uint64_t clients[PARTIES_MAX];
    struct session sessions[PARTIES_MAX];
    int clock;                /* counts the steps */
    int when[PARTIES_MAX][4]; /* each step of a party came */
};

typedef void scene_step(struct scene *scene, int party, int step);

/* Parties, each with so many steps. begin and end come before and behind all of them. */
struct play {
    int counts[PARTIES_MAX];
    void (*begin)(struct scene *scene);
    scene_step *step;
    void (*end)(struct scene *scene);
};

static void perform(const struct play *play, const int *order, int count)
{
    struct scene scene = {.world = world_new()};
    int done[PARTIES_MAX] = {0};

    play->begin(&scene);
    for (int i = 0; i < count; i++) {
        int party = order[i];

        scene.when[party][done[party]] = ++scene.clock;
        play->step(&scene, party, done[party]++);
    }
    settle(scene.world);
    play->end(&scene);
    world_free(scene.world);
}

/* Every way to put what is left behind the order that was chosen so far. Returns how many there are. */
static int perform_all(const struct play *play, int *order, int chosen, const int left[PARTIES_MAX])
{
    int performed = 0;
    bool is_whole = true;

    for (int party = 0; party < PARTIES_MAX; party++) {
        int rest[PARTIES_MAX];

        if (left[party] == 0)
            continue;
        is_whole = false;
        memcpy(rest, left, sizeof rest);
        rest[party]--;
        order[chosen] = party;
        performed += perform_all(play, order, chosen + 1, rest);
    }
    if (is_whole)
        perform(play, order, chosen);
    return is_whole ? 1 : performed;
}

static int play_all(const struct play *play)
{
    int order[STEPS_MAX];

    return perform_all(play, order, 0, play->counts);
}

/* ---- clients that come, work and go at the same time ---- */

static void begin_empty(struct scene *scene)
{
    world_begin(scene->world);
}

/* Each gets what is its own, at once, whatever the others are at. */
static void live(struct scene *scene, int party, int step)
{
    struct world *world = scene->world;
    uint64_t *client = &scene->clients[party];
    struct session *session = &scene->sessions[party];

    switch (step) {
    case 0:
        *client = join_ready(world, "{}");
        *session = new_session(world, *client);
        break;
    case 1:
        prompt(world, *client, session->id, 1, "sleep 1000");
        settle(world);
        expect(world, *client, "Hello", session->id);
        break;
    case 2:
        if (party == 0)
            ask(world, *client, 2, "session/close", session->id, "");
        else if (party == 1)
            cancel(world, *client, session->id);
        else
            acp_leave(world->acp, *client, world->now_ms);
        if (party != 2)
            expect(world, *client, "\"id\":1,\"result\":{\"stopReason\":\"cancelled\"}");
        if (party == 0)
            expect(world, *client, "\"id\":2,\"result\":{}");
        break;
    default:
        fail_msg("no step %d", step);
    }
    expect_silence(world, *client);
}

static void everybody_has_what_is_his(struct scene *scene)
{
    struct acp_gauges gauges = acp_gauges(scene->world->acp);

    assert_true(scene->clients[0] != scene->clients[1] && scene->clients[1] != scene->clients[2]);
    assert_int_equal(gauges.clients, 2);
    assert_int_equal(gauges.sessions, 2); /* one was closed, one waits */
    for (int i = 0; i < 3; i++)
        expect_silence(scene->world, scene->clients[i]);
    prompt(scene->world, scene->clients[1], scene->sessions[1].id, 3, "echo mine");
    settle(scene->world);
    expect(scene->world, scene->clients[1], "mine", scene->sessions[1].id);
}

static void clients_do_not_mix(void **state)
{
    static const struct play play = {{3, 3, 3}, begin_empty, live, everybody_has_what_is_his};

    (void)state;
    assert_int_equal(play_all(&play), 1680);
}

/* ---- two first prompts, a slow discovery, and a cancel ---- */

enum { FIRST, SECOND, TIME, CANCEL };

static void begin_session(struct scene *scene)
{
    world_begin(scene->world);
    scene->clients[0] = join_ready(scene->world, "{}");
    scene->sessions[0] = new_session(scene->world, scene->clients[0]);
}

static void prompt_or_wait(struct scene *scene, int party, int step)
{
    (void)step;
    if (party == FIRST || party == SECOND)
        prompt(scene->world, scene->clients[0], scene->sessions[0].id, party, "slow-discover 50");
    else if (party == TIME)
        pass(scene->world, 25);
    else
        say(scene->world, scene->clients[0],
            "{\"jsonrpc\":\"2.0\",\"method\":\"$/cancel_request\",\"params\":{\"requestId\":%d}}", FIRST);
}

static void discovered_once_and_answered_once(struct scene *scene)
{
    int answers[2] = {0};
    char *text;

    pass(scene->world, 1000);
    while ((text = heard(scene->world, scene->clients[0]))) {
        for (int id = 0; id < 2; id++) {
            char wanted[48];

            snprintf(wanted, sizeof wanted, "{\"jsonrpc\":\"2.0\",\"id\":%d,", id);
            answers[id] += strstr(text, wanted) != NULL;
        }
        free(text);
    }
    assert_int_equal(answers[FIRST], 1);
    assert_int_equal(answers[SECOND], 1);
    assert_int_equal(acp_gauges(scene->world->acp).discoveries_total, 1);
}

static void first_prompts_share_a_discovery(void **state)
{
    static const struct play play = {{1, 1, 3, 1}, begin_session, prompt_or_wait, discovered_once_and_answered_once};

    (void)state;
    assert_int_equal(play_all(&play), 120);
}

/* ---- the old owner leaves (and is heard to leave again), the grace ends and the sweep comes, a new one resumes ----
 */

enum { OLD, CLOCK, NEW, GRACE_MS = 100 };

static void begin_with_two_owners(struct scene *scene)
{
    scene->world->limits.grace_ms = GRACE_MS;
    world_begin(scene->world);
    scene->clients[OLD] = join_ready(scene->world, "{}");
    scene->clients[NEW] = join_ready(scene->world, "{}");
    scene->sessions[0] = greeted_session(scene->world, scene->clients[OLD]);
}

static void resume_or_sweep(struct scene *scene, int party, int step)
{
    struct world *world = scene->world;

    if (party == OLD) {
        acp_leave(world->acp, scene->clients[OLD], world->now_ms);
    } else if (party == CLOCK && step == 0) {
        world->now_ms += GRACE_MS; /* what has expired is still there */
    } else if (party == CLOCK) {
        settle(world);
    } else if (step == 0) {
        claim(world, scene->clients[NEW], 1, "session/resume", &scene->sessions[0]);
    } else {
        prompt(world, scene->clients[NEW], scene->sessions[0].id, 2, "echo alive");
    }
}

/* The resume is granted just while the old owner is gone and the grace runs; and what was granted holds. */
static void resumed_or_gone(struct scene *scene)
{
    bool in_time = scene->when[OLD][0] < scene->when[NEW][0] &&
                   (scene->when[NEW][0] < scene->when[CLOCK][0] || scene->when[CLOCK][0] < scene->when[OLD][0]);

    expect(scene->world, scene->clients[NEW],
           in_time ? "\"id\":1,\"result\":{}" : "\"id\":1,\"error\":{\"code\":-32002");
    if (in_time) {
        expect(scene->world, scene->clients[NEW], "alive");
        expect(scene->world, scene->clients[NEW], "\"id\":2,\"result\"");
    } else {
        expect(scene->world, scene->clients[NEW], "\"id\":2,\"error\":{\"code\":-32002");
    }
    expect_silence(scene->world, scene->clients[NEW]);
    pass(scene->world, 10 * GRACE_MS);
    assert_int_equal(acp_gauges(scene->world->acp).sessions, in_time ? 1 : 0);
}

static void resume_and_sweep_exclude_each_other(void **state)
{
    static const struct play play = {{2, 2, 2}, begin_with_two_owners, resume_or_sweep, resumed_or_gone};

    (void)state;
    assert_int_equal(play_all(&play), 90);
}

/* ---- an answer, a cancel, the time-out and the end of the client, all at once ---- */

enum { ANSWER, STOP, WAIT, GO };

static void begin_with_a_call(struct scene *scene)
{
    char *text;

    scene->world->limits.request_ms = 100;
    begin_session(scene);
    prompt(scene->world, scene->clients[0], scene->sessions[0].id, 7, "permit x");
    settle(scene->world);
    expect(scene->world, scene->clients[0], "Hello");
    text = heard(scene->world, scene->clients[0]);
    copy_member(text, "id", scene->sessions[1].id);
    free(text);
}

static void end_the_call(struct scene *scene, int party, int step)
{
    struct world *world = scene->world;

    (void)step;
    if (party == ANSWER)
        say(world, scene->clients[0],
            "{\"jsonrpc\":\"2.0\",\"id\":\"%s\",\"result\":{\"outcome\":{\"outcome\":\"selected\",\"optionId\":\"allow-"
            "once\"}}}",
            scene->sessions[1].id);
    else if (party == STOP)
        cancel(world, scene->clients[0], scene->sessions[0].id);
    else if (party == WAIT)
        pass(world, 100);
    else
        acp_leave(world->acp, scene->clients[0], world->now_ms);
}

static void settled_once(struct scene *scene)
{
    bool heard_it = scene->when[GO][0] > scene->when[STOP][0] || scene->when[GO][0] > scene->when[WAIT][0];
    int answers = 0, actions = 0;
    char *text;

    while ((text = heard(scene->world, scene->clients[0]))) {
        assert_int_equal(answers, 0); /* nothing comes behind it */
        answers += strstr(text, "\"id\":7,") != NULL;
        actions += strstr(text, "\"did x\"") != NULL;
        free(text);
    }
    assert_int_equal(answers, heard_it ? 1 : 0);
    assert_true(actions == 0 || scene->when[ANSWER][0] < scene->when[WAIT][0]);
    assert_int_equal(acp_gauges(scene->world->acp).pending_calls, 0);
}

static void calls_end_in_one_way(void **state)
{
    static const struct play play = {{1, 1, 1, 1}, begin_with_a_call, end_the_call, settled_once};

    (void)state;
    assert_int_equal(play_all(&play), 24);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(clients_do_not_mix),
        cmocka_unit_test(first_prompts_share_a_discovery),
        cmocka_unit_test(resume_and_sweep_exclude_each_other),
        cmocka_unit_test(calls_end_in_one_way),
    };

    return cmocka_run_group_tests(tests, NULL, NULL) != 0;
}
