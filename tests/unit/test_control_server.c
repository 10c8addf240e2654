/*
 * server: who may ask what, what is answered, and that no client keeps the others from being
 * served.
 *
 * The loop runs in a thread of the test; the clients are sockets of the test, or control_ask().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control/client.h"
#include "control/server.h"
#include "log/counter.h"
#include "milter/listen.h"
#include "tests/support/house.h"

struct post {
    struct house house;
    struct site_holder *holder;
    char directory[48], path[64];
    struct listener listener;
    struct loop *loop;
    struct control_server *server;
    struct control_host host;
    pthread_t thread;
    /* what the fake daemon answers */
    _Atomic uint64_t asked, reached;
    atomic_bool is_taken;
    const char *_Atomic faults;
    _Atomic int64_t silent;
    bool restarts; /* how a restart ends */
    atomic_int looked;
};

static int64_t silent_s(void *context)
{
    struct post *post = context;

    return post->silent;
}

/* In the loop's thread, as what the parent says comes. */
static void end_restart(struct loop *loop, void *context)
{
    struct post *post = context;

    (void)loop;
    control_server_restart_ended(post->server, post->restarts,
                                 post->restarts ? "egress-milter 9 serves"
                                                : "t.conf:1: bad\nt.conf:2: worse\n");
}

static bool restart_begin(void *context)
{
    struct post *post = context;

    loop_wake(post->loop);
    return true;
}

static void look_now(void *context)
{
    struct post *post = context;

    post->looked++;
}

static bool last_load(void *context, struct load_result *result_r)
{
    struct post *post = context;

    *result_r = (struct load_result){ .is_taken = post->is_taken,
                                      .wall_s = HOUSE_NOW_S,
                                      .generation = 3,
                                      .errors = post->is_taken ? 0 : 1,
                                      .faults = BUFFER_EMPTY };
    buffer_add_text(&result_r->faults, post->faults);
    return true;
}

static uint64_t reload_begin(void *context)
{
    struct post *post = context;

    return ++post->asked;
}

static uint64_t reload_ended(void *context)
{
    struct post *post = context;

    return post->reached;
}

static void *run(void *context)
{
    struct post *post = context;

    loop_run(post->loop);
    return NULL;
}

static const char *const sockets[] = { "unix:/run/a.sock", "inet:8891@127.0.0.1" };

static void post_listen(struct post *post)
{
    struct listen_access access = { 0666, (uid_t)-1, (gid_t)-1 };
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = post->path };
    struct error error;

    strcpy(post->directory, "/tmp/egress-server.XXXXXX");
    assert_non_null(mkdtemp(post->directory));
    chmod(post->directory, 0755);
    snprintf(post->path, sizeof(post->path), "%s/s", post->directory);
    assert_true(listener_open(&spec, &access, &post->listener, &error));
}

static struct post *post_open(const char *config, struct control_access access)
{
    struct post *post = calloc(1, sizeof(*post));

    house_open(&post->house, config);
    post->holder = site_holder_new(site_ref(post->house.site));
    post->is_taken = true;
    post->faults = "";
    post->host = (struct control_host){ .holder = post->holder,
                                        .clock = &post->house.clock.clock,
                                        .config_path = "/etc/t.conf",
                                        .started_s = HOUSE_NOW_S - 3725,
                                        .sockets = sockets,
                                        .socket_count = 2,
                                        .context = post,
                                        .last_load = last_load,
                                        .reload_begin = reload_begin,
                                        .reload_ended = reload_ended,
                                        .silent_s = silent_s,
                                        .restart_begin = restart_begin,
                                        .look_now = look_now };
    post_listen(post);
    post->loop = loop_new();
    loop_on_wake(post->loop, end_restart, post);
    post->server = control_server_new(post->loop, post->listener.fd, &access, &post->host);
    assert_non_null(post->server);
    assert_int_equal(pthread_create(&post->thread, NULL, run, post), 0);
    return post;
}

static void post_close(struct post *post)
{
    loop_stop(post->loop);
    pthread_join(post->thread, NULL);
    control_server_free(&post->server);
    loop_free(&post->loop);
    listener_close(&post->listener, true);
    rmdir(post->directory);
    site_holder_free(&post->holder);
    house_close(&post->house);
    free(post);
}

static const struct control_access ours_only = { .owner = 4000000 };

#define PLAIN "socket = \"unix:/x\";\n"
#define DEGRADED                                                                                   \
    "socket = \"unix:/x\"; mode = \"enforce\";\ndomains = (\n"                                     \
    "  { name = \"a.example\"; keys = ( { selector = \"s1\"; file = \"/nonexistent/k.pem\"; } ); " \
    "},\n"                                                                                         \
    "  { name = \"b.example\"; on_failure = \"pass\";\n"                                           \
    "    keys = ( { selector = \"s2\"; file = \"/nonexistent/k.pem\"; } ); } );\n"

/* The answer's code; its text in out. */
static int ask(struct post *post, const char *request, struct buffer *out)
{
    struct error error = { "" };
    int code = -1;

    buffer_clear(out);
    if (!control_ask(post->path, span_of(request), 20000, &code, out, &error))
        fail_msg("%s: %s", request, error.text);
    return code;
}

static void expect(const struct buffer *answer, const char *word)
{
    if (strstr(buffer_text(answer), word) == NULL)
        fail_msg("\"%s\" is not in: %s", word, buffer_text(answer));
}

static void test_rights(void **state)
{
    static const gid_t others[] = { 7, 8, 9 }, members[] = { 7, 4, 9 };
    static const struct {
        struct control_access access;
        struct control_peer peer;
        enum control_right right;
    } cases[] = {
        { { 100, false, 0 }, { 0, 0, NULL, 0 }, CONTROL_MAY_ACT },
        { { 100, false, 0 }, { 100, 5, NULL, 0 }, CONTROL_MAY_ACT },
        { { 100, false, 0 }, { 101, 100, NULL, 0 }, CONTROL_MAY_NOTHING },
        { { 100, false, 0 }, { 101, 0, members, 3 }, CONTROL_MAY_NOTHING },
        { { 100, true, 4 }, { 101, 4, NULL, 0 }, CONTROL_MAY_LOOK },
        { { 100, true, 4 }, { 101, 5, members, 3 }, CONTROL_MAY_LOOK },
        { { 100, true, 4 }, { 101, 5, others, 3 }, CONTROL_MAY_NOTHING },
        { { 100, true, 4 }, { 100, 4, members, 3 }, CONTROL_MAY_ACT },
        { { 100, true, 4 }, { (uid_t)-1, (gid_t)-1, NULL, 0 }, CONTROL_MAY_NOTHING },
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(control_right_of(&cases[i].access, &cases[i].peer), cases[i].right);
}

static void test_health(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(ask(post, "health", &answer), 0);
    expect(&answer, "good: egress-milter " PACKAGE_VERSION ", mode observe, generation 1\n");
    post->is_taken = false;
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: the last reload was not taken, 1 errors; generation 1 stays\n");
    assert_int_equal(ask(post, "health json", &answer), 1);
    expect(&answer, "\"schema\":1");
    expect(&answer, "\"health\":\"warning\"");
    expect(&answer, "\"reasons\":[\"warning: the last reload");
    post_close(post);

    post = post_open(DEGRADED, (struct control_access){ .owner = geteuid() });
    assert_int_equal(ask(post, "health", &answer), 2);
    expect(&answer, "critical: domain a.example: no key can be used, its mail is deferred\n");
    expect(&answer, "warning: domain b.example: no key can be used, its mail is passed unsigned\n");
    post_close(post);
    buffer_free(&answer);
}

static void test_dns(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    house_script_dns(&post->house, "example.org A 192.0.2.1\n");
    post->host.resolver = post->house.world.resolver;
    assert_int_equal(ask(post, "health", &answer), 0);
    assert_int_equal(ask(post, "status", &answer), 0);
    expect(&answer, "\nDNS              good; 0 questions, 0 from memory\n");
    assert_int_equal(ask(post, "status json", &answer), 0);
    expect(&answer, "\"dns\":{\"out\":false,\"asked\":0,\"from_memory\":0}");

    house_script_dns(&post->house, "* * TIMEOUT\n");
    post->host.resolver = post->house.world.resolver;
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: DNS has not answered since 2026-03-01T12:00:00Z: what needs it is "
                    "unknown\n");
    assert_int_equal(ask(post, "status", &answer), 1);
    expect(&answer, "\nDNS              no answers; 0 questions, 0 from memory\n");
    assert_int_equal(ask(post, "status json", &answer), 1);
    expect(&answer, "\"dns\":{\"out\":true,\"since\":\"2026-03-01T12:00:00Z\",\"asked\":0,");
    post_close(post);
    buffer_free(&answer);
}

#define BROKEN_SPF                                                                                 \
    "1 1772366400 1772366400 0 0 1\nis v=spf1 x -all\nwas \n"                                      \
    "fault 2 1772366400 1772366400 0 1\ncode spf x\ntext there is no such mechanism\n"
#define SOUND_MX "1 1772366400 1772366400 0 0 1\nis 10 m.example\nwas \n"

/* What the watch found: grave faults are a warning, and all is shown. */
static void test_watch(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;
    struct store *store = store_in_memory();

    (void)state;
    assert_true(
        store_put(store, STORE_WATCH, SPAN("own/mx/a.example"), SPAN(SOUND_MX), STORE_SOON));
    post->host.store = store;
    assert_int_equal(ask(post, "health", &answer), 0);
    for (int i = 0; i < 7; i++) {
        char key[32];
        snprintf(key, sizeof(key), "own/spf/d%d.example", i);
        assert_true(store_put(store, STORE_WATCH, span_of(key), SPAN(BROKEN_SPF), STORE_SOON));
    }
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: own domains: SPF of d0.example: there is no such mechanism\n");
    expect(&answer, "warning: own domains: SPF of d4.example: there is no such mechanism\n"
                    "warning: own domains: 2 more make mail fail\n");
    assert_int_equal(ask(post, "status", &answer), 1);
    expect(&answer, "\nown records      of domains: 8, of addresses: 0, of HELO names: 0; with "
                    "faults: 7, changed within a day: 0\n"
                    "  SPF of d0.example: there is no such mechanism (since 2026-03-01T12:00:00Z)");
    assert_int_equal(ask(post, "status json", &answer), 1);
    expect(&answer, "\"watch\":{\"domains\":7,\"addresses\":0,\"helo\":0,\"faulty\":7,\"grave\":7,"
                    "\"changed\":0,\"records\":[{\"kind\":\"spf\",\"name\":\"d0.example\",");
    post_close(post);
    store_close(&store);
    buffer_free(&answer);
}

/* What is in use, and room for how many, as status tells. */
static void find_room(struct post *post, struct buffer *answer, unsigned long long numbers_r[3])
{
    ask(post, "status", answer);
    const char *line = strstr(buffer_text(answer), "\nstore            ");
    assert_non_null(line);
    assert_int_equal(sscanf(line,
                            "\nstore %lluM of 64M in use; room for %llu more logins at their "
                            "fullest, some %llu as most are\n",
                            &numbers_r[0], &numbers_r[1], &numbers_r[2]),
                     3);
}

static void keep(struct store *store, char name, size_t megabytes)
{
    static const char much[40 << 20];

    assert_true(megabytes << 20 <= sizeof(much));
    assert_true(store_put(store, STORE_LIMITS, (struct span){ &name, 1 },
                          (struct span){ much, megabytes << 20 }, STORE_SOON));
}

/* How many more find room, under the limits in force; and that they hardly do. */
static void test_store(void **state)
{
    struct post *post = post_open(PLAIN "mode = \"enforce\"; limits = ( { name = \"a\"; count = "
                                        "\"unique-recipients\"; max = 20000; per = \"1d\"; } );",
                                  (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;
    struct store *store = store_in_memory();
    unsigned long long empty[3], used[3], full[3];

    (void)state;
    assert_int_equal(ask(post, "status", &answer), 0);
    assert_null(strstr(buffer_text(&answer), "\nstore "));
    post->host.store = store;
    store_limit(store, 64 << 20);
    find_room(post, &answer, empty);
    assert_int_equal(empty[0], 0);
    assert_in_range(empty[1], 100, 300);
    assert_in_range(empty[2], 90000, 130000);
    keep(store, 'a', 20);
    find_room(post, &answer, used);
    assert_int_equal(used[0], 21);
    assert_in_range(used[1], empty[1] / 3, empty[1] * 2 / 3);
    assert_int_equal(ask(post, "health", &answer), 0);
    keep(store, 'b', 40);
    find_room(post, &answer, full);
    assert_int_equal(full[1], 0);
    assert_int_equal(full[2], 0);
    assert_int_equal(ask(post, "status json", &answer), 1);
    expect(&answer, ",\"store\":{\"used\":629");
    expect(&answer, ",\"size\":67108864,\"room_at_fullest\":0,\"room_as_usual\":0}");
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: store: 60M are in use, and state.size is 64M: when it is full nobody "
                    "new is counted by himself; raise it and reload\n");
    keep(store, 'c', 5);
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: the store is full (64 MiB)");
    assert_null(strstr(buffer_text(&answer), "are in use"));
    post_close(post);
    store_close(&store);
    buffer_free(&answer);
}

/* What the parent counts is told whichever process is asked. */
static void test_other_processes(void **state)
{
    static const struct {
        int64_t unserved, silent, own_silence_s, deaths, death_ago_s;
        int code;
        const char *says;
    } cases[] = {
        { 0, 0, 0, 0, 0, 0, "good: " },
        { 1, 0, 0, 0, 0, 2, "critical: 1 of 2 sockets: no process serves there" },
        { 0, 1, 0, 0, 0, 2, "critical: 1 processes of the filter do not answer" },
        { 0, 1, 30, 0, 0, 2, "critical: the filter has not answered for 30 s\n" },
        { 0, 2, 30, 0, 0, 2, "critical: 2 processes of the filter do not answer" },
        { 0, 0, 0, 1, 60, 1, "warning: a process of the filter died 60 s ago" },
        { 0, 0, 0, 1, -5, 1, "warning: a process of the filter died 0 s ago" },
        { 0, 0, 0, 7, 3599, 1, "warning: a process of the filter died 3599 s ago" },
        { 0, 0, 0, 7, 3600, 0, "good: " },
        { 1, 0, 0, 7, 3, 2, "warning: a process of the filter died 3 s ago" },
    };
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        counter_set(COUNTER_SOCKETS_UNSERVED, cases[i].unserved);
        counter_set(COUNTER_PROCESSES_SILENT, cases[i].silent);
        counter_set(COUNTER_CHILD_DEATHS, cases[i].deaths);
        counter_set(COUNTER_LAST_DEATH_S, HOUSE_NOW_S - cases[i].death_ago_s);
        post->silent = cases[i].own_silence_s;
        assert_int_equal(ask(post, "health", &answer), cases[i].code);
        expect(&answer, cases[i].says);
        if (cases[i].code > 0) {
            assert_int_equal(ask(post, "status", &answer), cases[i].code);
            expect(&answer, cases[i].says);
        }
        if (cases[i].silent == 1 && cases[i].own_silence_s > 0)
            assert_null(strstr(buffer_text(&answer), "1 processes"));
    }
    for (enum counter_id id = COUNTER_SOCKETS_UNSERVED; id <= COUNTER_LAST_DEATH_S; id++)
        counter_set(id, 0);
    counter_set(COUNTER_CHILD_DEATHS, 0);
    post_close(post);
    buffer_free(&answer);
}

static void test_life(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    post->silent = 10;
    assert_int_equal(ask(post, "health", &answer), 0);
    post->silent = 11;
    assert_int_equal(ask(post, "health", &answer), 2);
    expect(&answer, "critical: the filter has not answered for 11 s\n");
    post->silent = 0;
    counter_add(COUNTER_CONNECTIONS_OPEN, 1600);
    assert_int_equal(ask(post, "health", &answer), 0);
    counter_add(COUNTER_CONNECTIONS_OPEN, 1);
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: 1601 sessions are open and ceilings.connections is 2000\n");
    counter_add(COUNTER_CONNECTIONS_OPEN, 400);
    assert_int_equal(ask(post, "health", &answer), 2);
    expect(&answer, "critical: 2001 sessions are open");
    counter_add(COUNTER_CONNECTIONS_OPEN, -2001);
    post_close(post);
    buffer_free(&answer);
}

static void test_restart(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    post->restarts = true;
    assert_int_equal(ask(post, "restart", &answer), 0);
    expect(&answer, "restart: egress-milter 9 serves; the processes before end");
    assert_int_equal(ask(post, "restart json", &answer), 0);
    expect(&answer, "\"restarted\":true");
    post->restarts = false;
    assert_int_equal(ask(post, "restart", &answer), 2);
    expect(&answer, "t.conf:1: bad\nt.conf:2: worse\nrestart: it came to nothing");
    assert_int_equal(ask(post, "restart json", &answer), 2);
    expect(&answer, "\"faults\":[\"t.conf:1: bad\",\"t.conf:2: worse\"]");
    post_close(post);
    buffer_free(&answer);
}

static void test_log_lines(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    counter_add(COUNTER_LOG_LINES_QUEUED, 7);
    counter_add(COUNTER_LOG_BYTES_QUEUED, 1000); /* a burst */
    assert_int_equal(ask(post, "health", &answer), 0);
    counter_add(COUNTER_LOG_BYTES_QUEUED, 400000);
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: 7 log lines wait for the receiver of the log");
    counter_add(COUNTER_LOG_LINES_QUEUED, -7);
    counter_add(COUNTER_LOG_BYTES_QUEUED, -401000);
    counter_add(COUNTER_LOG_LINES_LOST, 5);
    assert_int_equal(ask(post, "health", &answer), 1);
    expect(&answer, "warning: 5 log lines were lost");
    counter_add(COUNTER_LOG_LINES_LOST, -5);
    post_close(post);
    buffer_free(&answer);
}

static void test_status(void **state)
{
    struct post *post = post_open(DEGRADED, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    post->is_taken = false;
    post->faults = "error: t.conf:1: x: bad \x1b[31m\n";
    assert_int_equal(ask(post, "status", &answer), 2);
    expect(&answer, "egress-milter " PACKAGE_VERSION ", running for 1h 2m\n");
    expect(&answer, "mode             enforce\n");
    expect(&answer, "configuration    /etc/t.conf, generation 1\n");
    expect(&answer, "2026-03-01T12:00:00Z: not taken");
    expect(&answer, "error: t.conf:1: x: bad ?[31m\n");
    expect(&answer, "socket           inet:8891@127.0.0.1\n");
    expect(&answer, "a.example signs as a.example (degraded)\n");
    expect(&answer, "/nonexistent/k.pem");
    expect(&answer, "  messages         0\n");
    expect(&answer, "log_lines_lost");
    assert_int_equal(ask(post, "status json", &answer), 2);
    expect(&answer, "\"schema\":1");
    expect(&answer, "\"uptime_s\":3725");
    expect(&answer, "\"sockets\":[\"unix:/run/a.sock\",\"inet:8891@127.0.0.1\"]");
    expect(&answer, "\"name\":\"a.example\"");
    expect(&answer, "\"degraded\":true");
    expect(&answer, "\"selector\":\"s1\"");
    expect(&answer, "\"connections_open\":0");
    expect(&answer, "\"last_load\":{\"taken\":false,\"time\":\"2026-03-01T12:00:00Z\"");
    post_close(post);
    buffer_free(&answer);
}

struct asker {
    struct post *post;
    const char *request;
    struct buffer answer;
    int code;
    pthread_t thread;
};

static void *ask_aside(void *context)
{
    struct asker *asker = context;

    asker->code = ask(asker->post, asker->request, &asker->answer);
    return NULL;
}

static void asker_start(struct asker *asker, struct post *post, const char *request)
{
    *asker = (struct asker){ .post = post, .request = request, .answer = BUFFER_EMPTY };
    assert_int_equal(pthread_create(&asker->thread, NULL, ask_aside, asker), 0);
}

static void await_asked(struct post *post, uint64_t wanted)
{
    for (int i = 0; i < 2000 && post->asked < wanted; i++)
        poll(NULL, 0, 5);
    assert_int_equal(post->asked, wanted);
}

/* Each is answered when its own reload has ended, not when an earlier one has. */
static void test_reload(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;
    struct asker first, second;

    (void)state;
    asker_start(&first, post, "reload");
    await_asked(post, 1);
    asker_start(&second, post, "reload json");
    await_asked(post, 2);
    assert_int_equal(ask(post, "health", &answer), 0); /* others are served meanwhile */
    post->reached = 1;
    control_server_reload_ended(post->server);
    pthread_join(first.thread, NULL);
    assert_int_equal(first.code, 0);
    assert_string_equal(buffer_text(&first.answer), "generation 3 in force, 0 warnings\n");
    post->is_taken = false;
    post->faults = "error: t.conf:2: mode: bad\n";
    post->reached = 2;
    control_server_reload_ended(post->server);
    pthread_join(second.thread, NULL);
    assert_int_equal(second.code, 1);
    expect(&second.answer, "\"taken\":false");
    expect(&second.answer, "\"faults\":[\"error: t.conf:2: mode: bad\"]");
    post_close(post);
    buffer_free(&first.answer);
    buffer_free(&second.answer);
    buffer_free(&answer);
}

static int connect_to(const struct post *post)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    strcpy(address.sun_path, post->path);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* Everything up to the end, NUL-terminated. */
static size_t read_all(int fd, char *out, size_t out_size)
{
    size_t size = 0;
    ssize_t piece;

    while (size < out_size - 1 && (piece = recv(fd, out + size, out_size - 1 - size, 0)) > 0)
        size += (size_t)piece;
    out[size] = '\0';
    close(fd);
    return size;
}

static void test_requests(void **state)
{
    static const struct {
        const char *sent;
        const char *answer; /* how it begins */
    } cases[] = {
        { "health\n", "exit 0\ngood" },
        { "health\r\n", "exit 0\ngood" },
        { "  health  \n", "exit 0\ngood" },
        { "health\nstatus\n", "exit 0\ngood" }, /* one request a connection */
        { "health json\n", "exit 0\n{\"schema\":1" },
        { "health  json\n", "exit 0\n{\"schema\":1" },
        { "health", "exit 0\ngood" }, /* the client shut down its side */
        { "health yaml\n", "exit 64\nonly \"json\"" },
        { "health json json\n", "exit 64\n" },
        { "HEALTH\n", "exit 64\nunknown request" },
        { "explain\n", "exit 64\nunknown request" },
        { "explain json\n", "exit 64\n{\"schema\":1,\"error\":\"unknown request" },
        { "\n", "exit 64\nunknown request" },
        { "health \\x4\n", "exit 64\nthe request is not written as one" },
        { "limits\n", "exit 64\nlimits of what?" },
        { "limits list\n", "exit 70\nthis process counts nothing" },
        { "limits json list\n", "exit 70\n{\"schema\":1,\"error\":\"this process counts" },
        { "limits list json\n", "exit 64\nlimits list wants no arguments" },
        { "limits top 1 \"\"\n", "exit 70\nthis process counts nothing" },
        { "", "" },
    };
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char answer[4096];
        int fd = connect_to(post);
        send(fd, cases[i].sent, strlen(cases[i].sent), MSG_NOSIGNAL);
        shutdown(fd, SHUT_WR);
        read_all(fd, answer, sizeof(answer));
        if (strncmp(answer, cases[i].answer, strlen(cases[i].answer)) != 0 ||
            (cases[i].answer[0] == '\0' && answer[0] != '\0'))
            fail_msg("%s: %s", cases[i].sent, answer);
    }
    post_close(post);
}

static void test_too_long(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    static char endless[CONTROL_REQUEST_MAX * 2];
    char answer[256];
    int fd = connect_to(post);

    (void)state;
    memset(endless, 'x', sizeof(endless));
    send(fd, endless, CONTROL_REQUEST_MAX, MSG_NOSIGNAL);
    read_all(fd, answer, sizeof(answer));
    assert_string_equal(answer, "exit 64\nthe request is too long\n");
    post_close(post);
}

/* Silent ones and one that sends a byte now and then take places; they are dropped after the
 * deadline and those that wait behind them are served. */
static void test_slow_clients(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;
    struct asker waiting;
    int fds[CONTROL_CLIENTS_MAX];
    char byte;

    (void)state;
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++)
        fds[i] = connect_to(post);
    asker_start(&waiting, post, "health");
    for (int i = 0; i < CONTROL_DEADLINE_MS / 100 + 20; i++) {
        struct pollfd ended = { .fd = fds[0], .events = POLLIN };
        if (poll(&ended, 1, 100) == 1)
            break;
        send(fds[0], "h", 1, MSG_NOSIGNAL); /* a trickle extends nothing */
    }
    for (int i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        assert_true(recv(fds[i], &byte, 1, 0) <= 0);
        close(fds[i]);
    }
    pthread_join(waiting.thread, NULL);
    assert_int_equal(waiting.code, 0);
    assert_int_equal(ask(post, "health", &answer), 0);
    post_close(post);
    buffer_free(&answer);
    buffer_free(&waiting.answer);
}

static void test_prove(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    assert_int_equal(ask(post, "prove", &answer), CONTROL_GOOD);
    expect(&answer, "prove: the records of all keys are looked at now\n");
    assert_int_equal(ask(post, "prove json", &answer), CONTROL_GOOD);
    expect(&answer, "{\"schema\":1,\"looking\":true}\n");
    assert_int_equal(post->looked, 2);
    post->host.look_now = NULL;
    assert_int_equal(ask(post, "prove", &answer), CONTROL_INTERNAL);
    expect(&answer, "nothing is looked at");
    assert_int_equal(post->looked, 2);
    post_close(post);
    buffer_free(&answer);
}

/* A client that never reads its answer: its place is free again, and the others do not notice. */
static void test_gone_clients(void **state)
{
    struct post *post = post_open(PLAIN, (struct control_access){ .owner = geteuid() });
    struct buffer answer = BUFFER_EMPTY;

    (void)state;
    for (int i = 0; i < CONTROL_CLIENTS_MAX * 3; i++) {
        int fd = connect_to(post);
        send(fd, i % 2 == 0 ? "status\n" : "reload\n", 7, MSG_NOSIGNAL);
        close(fd);
    }
    post->reached = UINT64_MAX;
    control_server_reload_ended(post->server);
    for (int i = 0; i < CONTROL_CLIENTS_MAX * 2; i++) {
        control_server_reload_ended(post->server);
        assert_int_equal(ask(post, "health", &answer), 0);
    }
    post_close(post);
    buffer_free(&answer);
}

/* In a process that is neither root nor the owner. */
static int ask_as_stranger(const struct post *post, gid_t gid)
{
    static const char *const words[] = { "status", "health", "reload", "prove", "nonsense" };
    struct buffer answer = BUFFER_EMPTY;
    struct error error;
    int codes = 0, code;

    if (setgroups(0, NULL) < 0 || setgid(gid) < 0 || setuid(65534) < 0)
        return 99;
    for (int i = 0; i < 5; i++) {
        if (!control_ask(post->path, span_of(words[i]), 10000, &code, &answer, &error))
            return 98;
        codes = codes * 2 + (code == CONTROL_DENIED);
    }
    return codes;
}

static void test_strangers(void **state)
{
    struct control_access access = ours_only;
    struct post *post;
    static const struct {
        gid_t gid;
        int denied; /* bits: status, health, reload, prove, nonsense */
    } cases[] = { { 65534, 31 }, { 4, 6 } };

    (void)state;
    if (geteuid() != 0)
        skip();
    access.has_read_group = true;
    access.read_group = 4;
    post = post_open(PLAIN, access);
    for (int i = 0; i < 2; i++) {
        int status;
        pid_t pid = fork();
        if (pid == 0)
            _exit(ask_as_stranger(post, cases[i].gid));
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(WEXITSTATUS(status), cases[i].denied);
    }
    post_close(post);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rights),    cmocka_unit_test(test_health),
        cmocka_unit_test(test_dns),       cmocka_unit_test(test_watch),
        cmocka_unit_test(test_store),     cmocka_unit_test(test_other_processes),
        cmocka_unit_test(test_life),      cmocka_unit_test(test_restart),
        cmocka_unit_test(test_log_lines), cmocka_unit_test(test_status),
        cmocka_unit_test(test_reload),    cmocka_unit_test(test_requests),
        cmocka_unit_test(test_too_long),  cmocka_unit_test(test_slow_clients),
        cmocka_unit_test(test_prove),     cmocka_unit_test(test_gone_clients),
        cmocka_unit_test(test_strangers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
