/*
 * The Redis client against real servers that are killed, stopped, slow, full, read only, emptied,
 * and that refuse the password: every call comes back in its time, the reason is told in words,
 * once, and all is well again afterwards. Skipped, aloud, where there is no redis-server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <netinet/in.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/test_redis_support.h"

#define INCREMENT "return redis.call('INCR', KEYS[1])"

/* One more in key "n"; what it is then. */
static enum redis_answer increment(struct node *node, struct redis_script *script, long *n_r,
                                   enum redis_reason *reason_r)
{
    struct redis_reply reply;
    struct span key = SPAN("{egress:test}n");
    struct redis_call call = { .script = script, .keys = &key, .key_count = 1 };
    redis_script_init(script, INCREMENT);
    enum redis_answer answer = redis_call(node->redis, &call, &reply);
    if (answer == REDIS_ANSWERED) {
        assert_int_equal(reply.count, 1);
        *n_r = strtol(reply.words[0].at, NULL, 10);
    }
    *reason_r = reply.reason;
    redis_reply_free(&reply);
    return answer;
}

/* In its time, whatever comes of it. */
static enum redis_answer call(struct node *node, long *n_r, enum redis_reason *reason_r)
{
    struct redis_script script;
    uint64_t begun_ms = test_now_ms();
    enum redis_answer answer = increment(node, &script, n_r, reason_r);
    uint64_t took_ms = test_now_ms() - begun_ms;
    if (took_ms > redis_deadline_ms(node->redis) + SLACK_MS) {
        fail_msg("a call took %llu ms", (unsigned long long)took_ms);
    }
    return answer;
}

static bool is_answered(struct node *node)
{
    long n;
    enum redis_reason reason;
    return call(node, &n, &reason) == REDIS_ANSWERED;
}

static enum redis_reason why_not(struct node *node)
{
    long n;
    enum redis_reason reason;
    assert_int_not_equal(call(node, &n, &reason), REDIS_ANSWERED);
    return reason;
}

static void answers_and_counts(void **state)
{
    struct redis_server server;
    struct node node;
    enum redis_reason reason;
    long n = 0;
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    for (long i = 1; i <= 100; i++) {
        assert_int_equal(call(&node, &n, &reason), REDIS_ANSWERED);
        assert_int_equal(n, i);
    }
    /* The script went over once; it is known by its name from then on. */
    assert_string_equal(redis_server_say(&server, "GET {egress:test}n"), "100");
    struct redis_state looked;
    redis_look(node.redis, &looked);
    assert_int_equal(looked.answered, 100);
    assert_int_equal(looked.connects, 1);
    assert_string_equal(looked.address, server.address);
    redis_server_say(&server, "SCRIPT FLUSH");
    assert_true(is_answered(&node));
    redis_server_say(&server, "FLUSHALL");
    assert_int_equal(call(&node, &n, &reason), REDIS_ANSWERED);
    assert_int_equal(n, 1);
    assert_log(&node, "\n", 0);
    node_end(&node);
    redis_server_end(&server);
}

static void what_it_returns(void **state)
{
    static const char text[] = "return {1, 'two', false, -3, '', 'a\\0b'}";
    struct redis_server server;
    struct node node;
    struct redis_script script;
    struct redis_reply reply;
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    assert_true(redis_script_init(&script, text));
    struct redis_call one = { .script = &script };
    assert_int_equal(redis_call(node.redis, &one, &reply), REDIS_ANSWERED);
    assert_int_equal(reply.count, 6);
    assert_true(span_is_equal(reply.words[0], SPAN("1")));
    assert_true(span_is_equal(reply.words[1], SPAN("two")));
    assert_null(reply.words[2].at);
    assert_true(span_is_equal(reply.words[3], SPAN("-3")));
    assert_true(reply.words[4].at != NULL && reply.words[4].size == 0);
    assert_true(span_is_equal(reply.words[5], SPAN("a\0b")));
    redis_reply_free(&reply);
    /* A list in a list is nothing that scripts of ours return. */
    assert_true(redis_script_init(&script, "return {1, {2}}"));
    assert_int_equal(redis_call(node.redis, &one, &reply), REDIS_LATE);
    assert_int_equal(reply.reason, REDIS_GARBAGE);
    redis_reply_free(&reply);
    AWAIT(redis_is_up(node.redis));
    node_end(&node);
    redis_server_end(&server);
}

static void killed(void **state)
{
    struct redis_server server;
    struct node node;
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    assert_true(is_answered(&node));
    redis_server_kill(&server);
    AWAIT(node_is_out(&node));
    for (int i = 0; i < 1000; i++) { /* nobody waits any more */
        why_not(&node);
    }
    assert_int_equal(why_not(&node), REDIS_CONNECT_FAILED);
    redis_server_again(&server);
    AWAIT(is_answered(&node));
    assert_log(&node, "no connection: Connection refused; each node counts for itself", 1);
    assert_log(&node, "is there again", 1);
    assert_log(&node, "\n", 2);
    node_end(&node);
    redis_server_end(&server);
}

/* Back before anybody thought it was gone: no line. */
static void killed_for_a_moment(void **state)
{
    struct redis_server server;
    struct node node;
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    redis_server_say(&server, "CLIENT KILL TYPE normal SKIPME yes");
    AWAIT(is_answered(&node));
    assert_log(&node, "\n", 0);
    node_end(&node);
    redis_server_end(&server);
}

static void stopped(void **state)
{
    struct redis_server server;
    struct node node;
    struct redis_state looked;
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    assert_true(is_answered(&node));
    redis_server_signal(&server, SIGSTOP);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(why_not(&node), REDIS_SLOW);
    }
    AWAIT(node_is_out(&node) && !redis_is_up(node.redis));
    uint64_t begun_ms = test_now_ms();
    for (int i = 0; i < 1000; i++) {
        why_not(&node);
    }
    assert_true(test_now_ms() - begun_ms < 1000); /* together: none of them waited */
    redis_server_signal(&server, SIGCONT);
    AWAIT(is_answered(&node));
    redis_look(node.redis, &looked);
    assert_int_equal(looked.late, 3);
    assert_int_equal(looked.outages, 1);
    assert_log(&node, "no answer in time", 1);
    assert_log(&node, "\n", 2);
    node_end(&node);
    redis_server_end(&server);
}

/* Slow for less than it takes to give it up: late answers are dropped, and nothing is mixed up. */
static void slow(void **state)
{
    struct redis_server server;
    struct node node;
    enum redis_reason reason;
    long n = 0;
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    for (int i = 0; i < 3; i++) {
        redis_server_tell(&server, "DEBUG SLEEP 0.05");
        poll(NULL, 0, 10); /* it sleeps by then, as a rule; where not, the call is answered */
        enum redis_answer answer = call(&node, &n, &reason);
        assert_true(answer == REDIS_LATE || answer == REDIS_ANSWERED);
        AWAIT(call(&node, &n, &reason) == REDIS_ANSWERED);
        assert_string_equal(redis_server_hear(&server), "OK");
        char seen[24];
        snprintf(seen, sizeof(seen), "%ld", n);
        assert_string_equal(redis_server_say(&server, "GET {egress:test}n"), seen);
    }
    node_end(&node);
    redis_server_end(&server);
}

static void out_of_memory(void **state)
{
    static const char *const options[] = { "--maxmemory", "8mb", "--maxmemory-policy", "noeviction",
                                           NULL };
    struct redis_server server;
    struct node node;
    (void)state;
    redis_server_start(&server, options);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    assert_true(is_answered(&node));
    redis_server_say(&server, "CONFIG SET maxmemory 1");
    AWAIT(why_not(&node) == REDIS_OOM && node_is_out(&node));
    redis_server_say(&server, "CONFIG SET maxmemory 0");
    AWAIT(is_answered(&node));
    assert_log(&node, "its memory is full", 1);
    assert_log(&node, "\n", 2);
    node_end(&node);
    redis_server_end(&server);
}

/* A replica that is asked first; its master is found by the second address. */
static void replica_first(void **state)
{
    struct redis_server master, replica;
    struct node node;
    struct redis_state looked;
    (void)state;
    redis_server_start(&master, NULL);
    redis_server_start(&replica, NULL);
    redis_server_say(&replica, "REPLICAOF 127.0.0.1 %d", master.port);
    AWAIT(strstr(redis_server_say(&replica, "ROLE"), "slave") != NULL);
    const char *addresses[] = { replica.address, master.address };
    struct redis_settings settings = node_settings(addresses, 2);
    node_begin(&node, &settings);
    AWAIT(is_answered(&node));
    redis_look(node.redis, &looked);
    assert_string_equal(looked.address, master.address);
    assert_log(&node, "\n", 0);
    /* They change places, under a connection that is open. */
    redis_server_say(&replica, "REPLICAOF NO ONE");
    redis_server_say(&master, "REPLICAOF 127.0.0.1 %d", replica.port);
    why_not(&node);
    AWAIT(is_answered(&node));
    redis_look(node.redis, &looked);
    assert_string_equal(looked.address, replica.address);
    redis_server_kill(&replica);
    AWAIT(node_is_out(&node));
    assert_log(&node, "; each node counts for itself", 1);
    node_end(&node);
    redis_server_end(&master);
    redis_server_end(&replica);
}

static void only_a_replica(void **state)
{
    struct redis_server master, replica;
    struct node node;
    (void)state;
    redis_server_start(&master, NULL);
    redis_server_start(&replica, NULL);
    redis_server_say(&replica, "REPLICAOF 127.0.0.1 %d", master.port);
    node_begin_at(&node, &replica);
    AWAIT(node_is_out(&node) && node_reason(&node) == REDIS_READONLY);
    redis_server_say(&replica, "REPLICAOF NO ONE");
    AWAIT(is_answered(&node));
    assert_log(&node, "it is a replica that takes no writes", 1);
    node_end(&node);
    redis_server_end(&master);
    redis_server_end(&replica);
}

static void second_address(void **state)
{
    struct redis_server first, second;
    struct node node;
    (void)state;
    redis_server_start(&first, NULL);
    redis_server_start(&second, NULL);
    const char *addresses[] = { first.address, second.address };
    struct redis_settings settings = node_settings(addresses, 2);
    redis_server_kill(&first);
    node_begin(&node, &settings);
    AWAIT(is_answered(&node));
    redis_server_again(&first);
    redis_server_kill(&second);
    AWAIT(is_answered(&node));
    node_end(&node);
    redis_server_end(&first);
    redis_server_end(&second);
}

static void unix_socket(void **state)
{
    struct redis_server server;
    struct node node;
    char address[128];
    const char *addresses[] = { address };
    (void)state;
    redis_server_start(&server, NULL);
    snprintf(address, sizeof(address), "unix:%s", server.path);
    struct redis_settings settings = node_settings(addresses, 1);
    node_begin(&node, &settings);
    AWAIT(is_answered(&node));
    redis_server_kill(&server);
    AWAIT(node_is_out(&node));
    redis_server_again(&server);
    AWAIT(is_answered(&node));
    node_end(&node);
    redis_server_end(&server);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

/* What the manual tells to put into the access list, and no more. */
#define ACL                                                                                        \
    "ACL SETUSER egress on >secret resetkeys ~{egress:test}* resetchannels -@all +auth +eval "     \
    "+evalsha +get +set +del +time +hget +hset +hmget +hgetall +hkeys +hdel +hexists +hsetnx "     \
    "+hincrby +pttl +pexpire +zadd +zcount +zscore +zrem +zrangebyscore +zremrangebyscore +incr"

static void passwords(void **state)
{
    struct redis_server server;
    struct node node;
    char file[128];
    (void)state;
    redis_server_start(&server, NULL);
    redis_server_say(&server, ACL);
    redis_server_say(&server, "ACL SETUSER default >other");
    snprintf(file, sizeof(file), "%s/password", server.directory);
    const char *address = server.address;
    struct redis_settings settings = node_settings(&address, 1);
    settings.user = "egress";
    settings.password_file = file;
    node_begin(&node, &settings);
    AWAIT(node_is_out(&node) && node_reason(&node) == REDIS_PASSWORD_FILE);
    write_file(file, "wrong\n");
    AWAIT(node_reason(&node) == REDIS_WRONGPASS);
    write_file(file, "secret\r\n");
    AWAIT(is_answered(&node));
    assert_log(&node, "the password cannot be read", 1);
    assert_log(&node, "\n", 2);
    assert_log(&node, "secret", 0);
    /* The user loses what it needs, and its password. */
    redis_server_say(&server, "ACL SETUSER egress -eval -evalsha");
    AWAIT(why_not(&node) == REDIS_NOPERM && node_is_out(&node));
    redis_server_say(&server, "ACL SETUSER egress +eval +evalsha resetpass >new");
    AWAIT(node_reason(&node) == REDIS_WRONGPASS);
    write_file(file, "new");
    AWAIT(is_answered(&node));
    node_end(&node);
    redis_server_end(&server);
}

static void password_alone(void **state)
{
    static const char *const options[] = { "--requirepass", "secret", NULL };
    struct redis_server server;
    struct node node;
    char file[128];
    (void)state;
    redis_server_start(&server, options);
    snprintf(file, sizeof(file), "%s/password", server.directory);
    write_file(file, "secret\n");
    const char *address = server.address;
    struct redis_settings settings = node_settings(&address, 1);
    node_begin(&node, &settings);
    AWAIT(node_is_out(&node) && node_reason(&node) == REDIS_NOAUTH);
    node_end(&node);
    settings.password_file = file;
    node_begin(&node, &settings);
    AWAIT(is_answered(&node));
    node_end(&node);
    redis_server_end(&server);
}

/* Somebody else's service: what it says is not understood, or it says nothing. */
static void no_redis_at_all(void **state)
{
    static const char *const texts[] = { "220 mail.example.org ESMTP\r\n", "*9999999999\r\n",
                                         "$-7\r\nx\r\n", "" };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct redis_place place;
        struct error error;
        char address[32] = "127.0.0.1:1";
        struct sockaddr_storage at;
        socklen_t size = sizeof(at);
        assert_true(redis_place_read(address, &place, &error));
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(listen(listener, 16), 0); /* binds to a free port */
        assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
        snprintf(address, sizeof(address), "127.0.0.1:%u",
                 ntohs(((struct sockaddr_in *)&at)->sin_port));
        const char *addresses[] = { address };
        struct redis_settings settings = node_settings(addresses, 1);
        struct node node;
        node_begin(&node, &settings);
        for (int n = 0; n < REDIS_FAILURES_MAX; n++) {
            int fd = accept(listener, NULL, NULL);
            assert_true(fd >= 0);
            assert_int_equal(send(fd, texts[i], strlen(texts[i]), MSG_NOSIGNAL),
                             (ssize_t)strlen(texts[i]));
            struct pollfd wait = { .fd = fd, .events = POLLRDHUP };
            assert_int_equal(poll(&wait, 1, AWAIT_MS), 1); /* it hangs up */
            close(fd);
        }
        AWAIT(node_is_out(&node));
        assert_false(redis_is_up(node.redis));
        node_end(&node);
        close(listener);
    }
}

struct crowd {
    struct node *node;
    atomic_uint answered;
    atomic_bool is_over;
};

static void *call_all_the_time(void *context)
{
    struct crowd *crowd = context;
    while (!atomic_load(&crowd->is_over)) {
        if (is_answered(crowd->node)) {
            atomic_fetch_add(&crowd->answered, 1);
        }
    }
    return NULL;
}

/* Many threads call while it comes and goes; for the sanitizers, and that nobody hangs. */
static void a_crowd(void **state)
{
    enum { THREADS = 8 };
    struct redis_server server;
    struct node node;
    struct crowd crowd = { .node = &node };
    pthread_t threads[THREADS];
    (void)state;
    redis_server_start(&server, NULL);
    node_begin_at(&node, &server);
    AWAIT(redis_is_up(node.redis));
    for (size_t i = 0; i < THREADS; i++) {
        pthread_create(&threads[i], NULL, call_all_the_time, &crowd);
    }
    for (int i = 0; i < 3; i++) {
        unsigned so_far = atomic_load(&crowd.answered);
        AWAIT(atomic_load(&crowd.answered) > so_far + 100);
        redis_server_signal(&server, SIGSTOP);
        AWAIT(node_is_out(&node));
        redis_server_signal(&server, SIGCONT);
        so_far = atomic_load(&crowd.answered);
        AWAIT(atomic_load(&crowd.answered) > so_far + 100);
        redis_server_kill(&server);
        AWAIT(!redis_is_up(node.redis));
        redis_server_again(&server);
    }
    atomic_store(&crowd.is_over, true);
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    node_end(&node);
    redis_server_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_and_counts),
        cmocka_unit_test(what_it_returns),
        cmocka_unit_test(killed),
        cmocka_unit_test(killed_for_a_moment),
        cmocka_unit_test(stopped),
        cmocka_unit_test(slow),
        cmocka_unit_test(out_of_memory),
        cmocka_unit_test(replica_first),
        cmocka_unit_test(only_a_replica),
        cmocka_unit_test(second_address),
        cmocka_unit_test(unix_socket),
        cmocka_unit_test(passwords),
        cmocka_unit_test(password_alone),
        cmocka_unit_test(no_redis_at_all),
        cmocka_unit_test(a_crowd),
    };
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
