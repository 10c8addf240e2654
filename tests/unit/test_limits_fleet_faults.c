/*
 * A fleet in the real world: many threads of several processes at one limit, servers that go and
 * come, clusters that move keys, what is merged afterwards, and what else the nodes share.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/test_fleet_support.h"

#define ALICE "principal/submission/alice@example.org"
#define LEDGER_MS UINT64_C(5000000000)

static const struct limit hour = { .name = "hour", .count = LIMIT_RECIPIENTS, .per_s = 3600 };
static const struct limit different = { .name = "different",
                                        .count = LIMIT_UNIQUE_RECIPIENTS,
                                        .per_s = 3600 };

/* In its time, whatever comes of it. */
static enum charge_answer charge_in_time(struct fleet_node *one, struct charge *charge,
                                         struct fleet_receipt *receipt)
{
    uint64_t begun_ms = test_now_ms();
    enum charge_answer answer = fleet_charge(one->fleet, charge, receipt);
    if (test_now_ms() - begun_ms > redis_deadline_ms(one->node.redis) + SLACK_MS) {
        fail_msg("a charge took %llu ms", (unsigned long long)(test_now_ms() - begun_ms));
    }
    return answer;
}

/* Until it is answered one way or the other. */
static enum charge_answer charge_surely(struct fleet_node *one, struct charge *charge)
{
    struct fleet_receipt receipt;
    enum charge_answer answer = CHARGE_UNKNOWN;
    fleet_operation(one->fleet, &receipt);
    AWAIT((answer = charge_in_time(one, charge, &receipt)) != CHARGE_UNKNOWN);
    return answer;
}

/* --- exactly so many ------------------------------------------------------------------------- */

#define RACERS 64
#define RACE_LIMIT 50

struct race {
    atomic_uint done, exceeded, unknown;
    atomic_bool is_on;
    int port;
};

struct racer {
    struct race *race;
    struct fleet *fleet;
};

/* A message that is not answered is asked for again, as a caller may: it is the same operation. */
static void *race_run(void *context)
{
    struct racer *racer = context;
    while (!atomic_load(&racer->race->is_on)) {
        sched_yield();
    }
    for (int i = 0; i < 4; i++) {
        struct charge charge = charge_of(ALICE, &hour, 1, RACE_LIMIT);
        struct fleet_receipt receipt;
        enum charge_answer answer;
        fleet_operation(racer->fleet, &receipt);
        while ((answer = fleet_charge(racer->fleet, &charge, &receipt)) == CHARGE_UNKNOWN) {
            atomic_fetch_add(&racer->race->unknown, 1);
            poll(NULL, 0, 1);
        }
        atomic_fetch_add(answer == CHARGE_DONE ? &racer->race->done : &racer->race->exceeded, 1);
    }
    return NULL;
}

static void race_process(struct race *race, const struct redis_server *server)
{
    struct fleet_node one;
    pthread_t threads[RACERS];
    struct racer racer = { .race = race };
    fleet_node_begin_at(&one, server);
    racer.fleet = one.fleet;
    for (size_t i = 0; i < RACERS; i++) {
        pthread_create(&threads[i], NULL, race_run, &racer);
    }
    for (size_t i = 0; i < RACERS; i++) {
        pthread_join(threads[i], NULL);
    }
    fleet_node_end(&one);
}

static pid_t race_fork(struct race *race, const struct redis_server *server)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        race_process(race, server);
        _exit(0);
    }
    return pid;
}

static void two_processes_at_one_limit(void **state)
{
    struct redis_server server;
    struct race *race =
        mmap(NULL, sizeof(*race), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int status[2];
    (void)state;
    redis_server_start(&server, NULL);
    pid_t first = race_fork(race, &server), second = race_fork(race, &server);
    poll(NULL, 0, 300); /* both are ready by then; where not, they begin one after the other */
    atomic_store(&race->is_on, true);
    waitpid(first, &status[0], 0);
    waitpid(second, &status[1], 0);
    assert_int_equal(status[0], 0);
    assert_int_equal(status[1], 0);
    assert_int_equal(atomic_load(&race->done), RACE_LIMIT);
    assert_int_equal(atomic_load(&race->exceeded), 2 * RACERS * 4 - RACE_LIMIT);
    munmap(race, sizeof(*race));
    redis_server_end(&server);
}

/* --- away and back --------------------------------------------------------------------------- */

struct traffic {
    unsigned sent, remembered;
};

/* Charges n messages of one recipient; those that nobody answers are let pass and remembered. */
static void send_some(struct fleet_node *one, unsigned n, struct traffic *traffic)
{
    traffic->sent += n;
    for (unsigned i = 0; i < n; i++) {
        struct charge charge = charge_of(ALICE, &hour, 1, 1000000);
        struct fleet_receipt receipt;
        charge.now_ms = LEDGER_MS;
        fleet_operation(one->fleet, &receipt);
        enum charge_answer answer = charge_in_time(one, &charge, &receipt);
        if (answer == CHARGE_UNKNOWN) {
            assert_true(fleet_remember(one->fleet, &charge, &receipt));
            traffic->remembered++;
        } else {
            assert_int_equal(answer, CHARGE_DONE);
        }
    }
}

/* All that waits, over however many ticks of the timer. */
static struct fleet_merged merge_all(struct fleet_node *one, uint64_t now_ms)
{
    struct fleet_merged sum = { .merged = 0 }, part;
    AWAIT((fleet_merge(one->fleet, now_ms, 200, &part), sum.merged += part.merged,
           sum.known += part.known, sum.lost += part.lost, fleet_merges(one->fleet) == 0));
    return sum;
}

/* Whatever happens to the server while mail flows: afterwards every message counts, once. */
static void nothing_counts_twice(struct fleet_node *one, struct redis_server *server, int number)
{
    struct traffic traffic = { .sent = 0 };
    send_some(one, 20, &traffic);
    redis_server_signal(server, number);
    send_some(one, 50, &traffic);
    assert_true(traffic.remembered > 0);
    assert_int_equal(fleet_merges(one->fleet), traffic.remembered);
    if (number == SIGKILL) {
        redis_server_kill(server);
        redis_server_again(server);
    } else {
        redis_server_signal(server, SIGCONT);
    }
    send_some(one, 20, &traffic);
    struct fleet_merged merged = merge_all(one, LEDGER_MS + 1000);
    assert_int_equal(merged.merged + merged.known, traffic.remembered);
    assert_int_equal(merged.lost, 0);
}

static void stopped_and_merged(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    nothing_counts_twice(&one, &server, SIGSTOP);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 90);
    nothing_counts_twice(&one, &server, SIGSTOP);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 180);
    fleet_node_end(&one);
    redis_server_end(&server);
}

/* With what it keeps on disk, as a server has that is to be relied on. */
static void killed_and_merged(void **state)
{
    static const char *const options[] = { "--appendonly", "yes", "--appendfsync", "always", NULL };
    struct redis_server server;
    struct fleet_node one;
    (void)state;
    redis_server_start(&server, options);
    fleet_node_begin_at(&one, &server);
    nothing_counts_twice(&one, &server, SIGKILL);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 90);
    fleet_node_end(&one);
    redis_server_end(&server);
}

/* The same of one that this node did not let pass: it costs nothing, whether the server has carried
 * it out before it hears of that, or does so afterwards. */
static void late_and_revoked(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    struct fleet_receipt receipts[2];
    struct fleet_merged merged;
    struct charge charge = charge_of(ALICE, &hour, 3, 100);
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    assert_int_equal(charge_surely(&one, &charge), CHARGE_DONE);
    redis_server_signal(&server, SIGSTOP);
    for (size_t i = 0; i < 2; i++) {
        fleet_operation(one.fleet, &receipts[i]);
        charge.now_ms = LEDGER_MS;
        assert_int_equal(charge_in_time(&one, &charge, &receipts[i]), CHARGE_UNKNOWN);
        assert_true(receipts[i].may_be_done);
        assert_true(fleet_revoke(one.fleet, &charge, &receipts[i]));
    }
    redis_server_signal(&server, SIGCONT);
    AWAIT(redis_is_up(one.node.redis));
    do {
        fleet_merge(one.fleet, LEDGER_MS, 5000, &merged);
        assert_int_equal(merged.merged + merged.known + merged.lost, 0);
    } while (fleet_merges(one.fleet) > 0);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 3);
    AWAIT(fleet_charge(one.fleet, &charge, &receipts[0]) == CHARGE_AGAIN); /* it comes too late */
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 3);
    fleet_node_end(&one);
    redis_server_end(&server);
}

/* Sent, carried out, and the answer never seen: merging finds that it is there. */
static void late_but_done(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    struct fleet_receipt receipt;
    struct charge charge = charge_of(ALICE, &hour, 3, 100);
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    assert_int_equal(charge_surely(&one, &charge), CHARGE_DONE); /* the script is known now */
    redis_server_signal(&server, SIGSTOP);
    fleet_operation(one.fleet, &receipt);
    charge.now_ms = LEDGER_MS;
    assert_int_equal(charge_in_time(&one, &charge, &receipt), CHARGE_UNKNOWN);
    assert_true(receipt.may_be_done);
    assert_true(fleet_remember(one.fleet, &charge, &receipt));
    redis_server_signal(&server, SIGCONT);
    AWAIT(fleet_used(one.fleet, ALICE, &hour) == 6);
    struct fleet_merged merged = merge_all(&one, LEDGER_MS + 1000);
    assert_int_equal(merged.known, 1);
    assert_int_equal(merged.merged, 0);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 6);
    /* Where the server's memory of it may be over, nobody adds it once more. */
    assert_true(fleet_remember(one.fleet, &charge, &receipt));
    merged = merge_all(&one, LEDGER_MS + 600000);
    assert_int_equal(merged.lost, 1);
    memset(charge.id, 1, sizeof(charge.id));
    assert_true(fleet_remember(one.fleet, &charge, &receipt));
    merged = merge_all(&one, LEDGER_MS + 600000);
    assert_int_equal(merged.lost + merged.merged, 0); /* of a message with an id it knows longer */
    assert_int_equal(merged.known, 1);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 6);
    fleet_node_end(&one);
    redis_server_end(&server);
}

/* What it was charged for weighs from then on, not from when the server learnt of it. */
static void merged_at_its_time(void **state)
{
    static const struct charge_recipient recipients[] = { { 11, false, 0 }, { 12, false, 0 } };
    struct redis_server server;
    struct fleet_node one;
    struct fleet_receipt receipts[3];
    static const uint64_t ages_ms[] = { 1000, 1800000, 4000000 };
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    for (size_t i = 0; i < 3; i++) {
        struct charge charge = charge_of(ALICE, &hour, 5, 100);
        charge.now_ms = LEDGER_MS - ages_ms[i];
        charge.lines[1] = (struct charge_line){ .limit = &different, .max = 9 };
        charge.line_count = 2;
        charge.recipients = recipients;
        charge.recipient_count = 2;
        fleet_operation(one.fleet, &receipts[i]);
        assert_true(fleet_remember(one.fleet, &charge, &receipts[i]));
    }
    assert_int_equal(merge_all(&one, LEDGER_MS).merged, 3);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 10); /* the third is out of the hour */
    assert_int_equal(fleet_used(one.fleet, ALICE, &different), 2);
    fleet_node_end(&one);
    redis_server_end(&server);
}

static void given_back_while_away(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    struct fleet_receipt never, late;
    struct charge charge = charge_of(ALICE, &hour, 5, 100);
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    assert_int_equal(charge_surely(&one, &charge), CHARGE_DONE);
    redis_server_signal(&server, SIGSTOP);
    fleet_operation(one.fleet, &late);
    charge_in_time(&one, &charge, &late);
    assert_true(late.may_be_done && fleet_remember(one.fleet, &charge, &late));
    AWAIT(charge_in_time(&one, &charge, &late) == CHARGE_UNKNOWN && !redis_is_up(one.node.redis));
    fleet_operation(one.fleet, &never);
    charge_in_time(&one, &charge, &never);
    assert_true(!never.may_be_done && fleet_remember(one.fleet, &charge, &never));
    late.may_be_done = true;
    assert_true(fleet_give_back(one.fleet, &charge, &never)); /* needs nobody */
    assert_false(fleet_give_back(one.fleet, &charge, &late));
    assert_int_equal(fleet_merges(one.fleet), 0);
    redis_server_signal(&server, SIGCONT);
    AWAIT(fleet_give_back(one.fleet, &charge, &late));
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 5);
    fleet_node_end(&one);
    redis_server_end(&server);
}

/* Flushed, scripts forgotten, full, taking no writes: mail goes on, and counts when it can. */
static void other_faults(void **state)
{
    static const struct {
        const char *breaks, *mends;
        bool is_seen;  /* some charge is not answered */
        bool is_lossy; /* what was counted before is gone */
    } cases[] = {
        { "FLUSHALL", "PING", false, true },
        { "SCRIPT FLUSH", "PING", false, false },
        { "CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", true, false },
        { "REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", true, false },
        { "CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", true, false },
    };
    struct redis_server server;
    struct fleet_node one;
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct traffic traffic = { .sent = 0 };
        redis_server_say(&server, "FLUSHALL");
        send_some(&one, 5, &traffic);
        AWAIT(redis_is_up(one.node.redis));
        redis_server_say(&server, "%s", cases[i].breaks);
        send_some(&one, 10, &traffic);
        assert_true(traffic.remembered > 0 || !cases[i].is_seen);
        redis_server_say(&server, "%s", cases[i].mends);
        AWAIT(redis_is_up(one.node.redis));
        send_some(&one, 5, &traffic);
        merge_all(&one, LEDGER_MS + 1000);
        uint64_t used = fleet_used(one.fleet, ALICE, &hour);
        assert_in_range(used, cases[i].is_lossy ? 15 : 20, 20);
    }
    fleet_node_end(&one);
    redis_server_end(&server);
}

static void shares(void **state)
{
    struct fleet fleet = { .share_percent = 25 };
    (void)state;
    assert_int_equal(fleet_share_of(&fleet, 0), 0); /* unlimited */
    assert_int_equal(fleet_share_of(&fleet, 1), 1);
    assert_int_equal(fleet_share_of(&fleet, 500), 125);
    assert_int_equal(fleet_share_of(&fleet, 1023), 255);
    assert_true(fleet_share_of(&fleet, UINT64_MAX) == UINT64_MAX / 100 * 25 + 3);
}

/* --- a cluster ------------------------------------------------------------------------------- */

#define NODES 3

struct cluster {
    struct redis_server servers[NODES];
    char ids[NODES][48];
};

static void cluster_start(struct cluster *cluster)
{
    static const char *const options[] = { "--cluster-enabled", "yes", "--cluster-node-timeout",
                                           "2000", NULL };
    static const int slots[] = { 0, 5461, 10923, 16384 };
    for (size_t i = 0; i < NODES; i++) {
        redis_server_start(&cluster->servers[i], options);
        redis_server_say(&cluster->servers[i], "CLUSTER ADDSLOTSRANGE %d %d", slots[i],
                         slots[i + 1] - 1);
        redis_server_say(&cluster->servers[i], "CLUSTER SET-CONFIG-EPOCH %zu", i + 1);
        snprintf(cluster->ids[i], sizeof(cluster->ids[i]), "%s",
                 redis_server_say(&cluster->servers[i], "CLUSTER MYID"));
    }
    for (size_t i = 1; i < NODES; i++) {
        redis_server_say(&cluster->servers[0], "CLUSTER MEET 127.0.0.1 %d",
                         cluster->servers[i].port);
    }
    for (size_t i = 0; i < NODES; i++) {
        AWAIT(strstr(redis_server_say(&cluster->servers[i], "CLUSTER INFO"), "cluster_state:ok") !=
              NULL);
    }
}

/* The node that has our keys. */
static size_t cluster_owner(struct cluster *cluster, const char *slot)
{
    long number = strtol(slot, NULL, 10);
    (void)cluster;
    return number < 5461 ? 0 : number < 10923 ? 1 : 2;
}

static void tell_all(struct cluster *cluster, const char *slot, size_t owner)
{
    for (size_t i = 0; i < NODES; i++) {
        redis_server_say(&cluster->servers[i], "CLUSTER SETSLOT %s NODE %s", slot,
                         cluster->ids[owner]);
    }
}

/* As redis-cli --cluster reshard does it, under calls. */
static void move_slot(struct cluster *cluster, const char *slot, size_t from, size_t to,
                      struct fleet_node *one, struct traffic *traffic)
{
    struct redis_server *source = &cluster->servers[from], *target = &cluster->servers[to];
    char key[256];
    redis_server_say(target, "CLUSTER SETSLOT %s IMPORTING %s", slot, cluster->ids[from]);
    redis_server_say(source, "CLUSTER SETSLOT %s MIGRATING %s", slot, cluster->ids[to]);
    for (;;) {
        send_some(one, 1, traffic);
        snprintf(key, sizeof(key), "%s",
                 redis_server_say(source, "CLUSTER GETKEYSINSLOT %s 1", slot));
        if (strcmp(key, "0") == 0) { /* an empty list */
            break;
        }
        redis_server_say(source, "MIGRATE 127.0.0.1 %d \"%s\" 0 5000", target->port, key);
    }
    tell_all(cluster, slot, to);
}

static void a_cluster_that_moves_our_keys(void **state)
{
    struct cluster cluster;
    struct fleet_node one;
    struct redis_state looked;
    struct traffic traffic = { .sent = 0 };
    char slot[16];
    (void)state;
    cluster_start(&cluster);
    snprintf(slot, sizeof(slot), "%s",
             redis_server_say(&cluster.servers[0], "CLUSTER KEYSLOT {egress:test}"));
    size_t owner = cluster_owner(&cluster, slot);
    /* Another is asked first, and names the one that has the keys. */
    const char *address = cluster.servers[(owner + 1) % NODES].address;
    struct redis_settings settings = node_settings(&address, 1);
    fleet_node_begin(&one, &settings);
    AWAIT(redis_is_up(one.node.redis));
    redis_look(one.node.redis, &looked);
    assert_string_equal(looked.address, cluster.servers[owner].address);
    send_some(&one, 10, &traffic);
    move_slot(&cluster, slot, owner, (owner + 2) % NODES, &one, &traffic);
    unsigned while_moving = traffic.remembered;
    AWAIT((send_some(&one, 1, &traffic), redis_look(one.node.redis, &looked),
           looked.is_up &&
               strcmp(looked.address, cluster.servers[(owner + 2) % NODES].address) == 0));
    assert_true(while_moving > 0);
    send_some(&one, 5, &traffic);
    assert_int_equal(merge_all(&one, LEDGER_MS + 1000).lost, 0);
    /* Every message that was sent, once: those that were answered and those that were merged. */
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), traffic.sent);
    fleet_node_end(&one);
    for (size_t i = 0; i < NODES; i++) {
        redis_server_end(&cluster.servers[i]);
    }
}

/* --- what else is shared --------------------------------------------------------------------- */

struct heard {
    struct buffer text;
    unsigned left; /* how many are taken */
};

static bool hear(const struct fleet_record *record, void *context)
{
    struct heard *heard = context;
    if (heard->left == 0) {
        return false;
    }
    heard->left--;
    buffer_add_span(&heard->text, record->key);
    buffer_add_text(&heard->text, record->value.at != NULL ? "=" : " gone");
    buffer_add_span(&heard->text, record->value);
    buffer_add_char(&heard->text, ';');
    return true;
}

static void assert_walk(struct fleet *fleet, const char *kind, struct fleet_position *position,
                        unsigned most, const char *expected)
{
    struct heard heard = { .left = most };
    assert_int_equal(fleet_record_walk(fleet, kind, position, hear, &heard), FLEET_DONE);
    assert_string_equal(buffer_text(&heard.text), expected);
    buffer_free(&heard.text);
}

static void records(void **state)
{
    struct redis_server server;
    struct fleet_node one, two;
    struct fleet_position at = { .epoch = 0 }, other = { .epoch = 0 };
    struct buffer value = BUFFER_EMPTY;
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    fleet_node_begin_at(&two, &server);
    assert_walk(two.fleet, "override", &at, 9, "");
    assert_int_equal(fleet_record_put(one.fleet, "override", SPAN("a"), SPAN("1"), 0), FLEET_DONE);
    assert_int_equal(fleet_record_put(one.fleet, "override", SPAN("b"), SPAN("x\0y z"), 60),
                     FLEET_DONE);
    assert_int_equal(fleet_record_put(one.fleet, "suspended", SPAN("a"), SPAN(""), 0), FLEET_DONE);
    assert_int_equal(fleet_record_offer(two.fleet, "override", SPAN("a"), SPAN("2"), 0),
                     FLEET_ABSENT);
    assert_walk(two.fleet, "override", &at, 1, "a=1;");
    assert_int_equal(fleet_record_get(two.fleet, "override", SPAN("b"), &value), FLEET_DONE);
    assert_true(span_is_equal(buffer_span(&value), SPAN("x\0y z")));
    assert_walk(two.fleet, "suspended", &other, 9, "a=;");
    assert_int_equal(fleet_record_remove(two.fleet, "override", SPAN("a")), FLEET_DONE);
    assert_int_equal(fleet_record_put(two.fleet, "override", SPAN("b"), SPAN("3"), 0), FLEET_DONE);
    assert_walk(one.fleet, "override", &at, 9, "a gone;b=3;");
    assert_walk(one.fleet, "override", &at, 9, "");
    assert_int_equal(fleet_record_get(two.fleet, "override", SPAN("a"), &value), FLEET_ABSENT);
    /* Everything is lost: whoever knows something says so, and offers it. */
    redis_server_say(&server, "FLUSHALL");
    struct heard heard = { .left = 9 };
    assert_int_equal(fleet_record_walk(one.fleet, "override", &at, hear, &heard), FLEET_AGAIN);
    assert_int_equal(at.epoch, 0);
    assert_int_equal(fleet_record_offer(one.fleet, "override", SPAN("b"), SPAN("3"), 0),
                     FLEET_DONE);
    assert_walk(one.fleet, "override", &at, 9, "b=3;");
    /* More than one answer holds. */
    for (int i = 0; i < 450; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(fleet_record_put(one.fleet, "many", span_of(key), SPAN("v"), 0),
                         FLEET_DONE);
    }
    struct heard many = { .left = 1000 };
    other = (struct fleet_position){ .epoch = 0 };
    assert_int_equal(fleet_record_walk(two.fleet, "many", &other, hear, &many), FLEET_DONE);
    assert_int_equal(many.left, 550);
    redis_server_kill(&server);
    AWAIT(node_is_out(&two.node));
    assert_int_equal(fleet_record_put(two.fleet, "many", SPAN("k"), SPAN("v"), 0), FLEET_AWAY);
    assert_int_equal(fleet_record_walk(two.fleet, "many", &other, hear, &many), FLEET_AWAY);
    buffer_free(&many.text);
    buffer_free(&value);
    fleet_node_end(&one);
    fleet_node_end(&two);
    redis_server_end(&server);
}

static void replaced(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    struct fleet_position at = { .epoch = 0 };
    static const struct span gone = { NULL, 0 };
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    /* What was not there when it was looked at. */
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), SPAN("1"), 0, &at),
                     FLEET_DONE);
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), SPAN("2"), 0, &at),
                     FLEET_ABSENT);
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), gone, 0, &at), FLEET_ABSENT);
    assert_walk(one.fleet, "k", &at, 9, "a=1;");
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), SPAN("3"), 0, &at),
                     FLEET_DONE);
    assert_walk(one.fleet, "k", &at, 9, "a=3;");
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), gone, 0, &at), FLEET_DONE);
    /* It changed when it was removed, too. */
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), SPAN("4"), 0, &at),
                     FLEET_ABSENT);
    assert_walk(one.fleet, "k", &at, 9, "a gone;");
    assert_int_equal(fleet_record_replace(one.fleet, "k", SPAN("a"), SPAN("4"), 0, &at),
                     FLEET_DONE);
    fleet_node_end(&one);
    redis_server_end(&server);
}

static void a_record_ends(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    struct buffer value = BUFFER_EMPTY;
    struct fleet_position at = { .epoch = 0 };
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    assert_int_equal(fleet_record_put(one.fleet, "k", SPAN("short"), SPAN("1"), 1), FLEET_DONE);
    AWAIT(fleet_record_get(one.fleet, "k", SPAN("short"), &value) == FLEET_ABSENT);
    assert_walk(one.fleet, "k", &at, 9, "short gone;");
    assert_int_equal(fleet_record_put(one.fleet, "k", SPAN("long"), SPAN("2"), 0), FLEET_DONE);
    assert_string_equal(redis_server_say(&server, "HLEN {egress:test}r:k"), "1");
    buffer_free(&value);
    fleet_node_end(&one);
    redis_server_end(&server);
}

static void leases(void **state)
{
    struct redis_server server;
    struct fleet_node one, two;
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    const char *address = server.address;
    struct redis_settings settings = node_settings(&address, 1);
    settings.node = "n2";
    fleet_node_begin(&two, &settings);
    AWAIT(redis_is_up(two.node.redis));
    assert_int_equal(fleet_lease(one.fleet, "dns", 60000), FLEET_DONE);
    assert_int_equal(fleet_lease(one.fleet, "dns", 60000), FLEET_DONE);
    assert_int_equal(fleet_lease(two.fleet, "dns", 60000), FLEET_ABSENT);
    assert_int_equal(fleet_lease(two.fleet, "lists", 60000), FLEET_DONE);
    fleet_unlease(two.fleet, "dns"); /* not his */
    assert_int_equal(fleet_lease(two.fleet, "dns", 60000), FLEET_ABSENT);
    fleet_unlease(one.fleet, "dns");
    assert_int_equal(fleet_lease(two.fleet, "dns", 100), FLEET_DONE);
    AWAIT(fleet_lease(one.fleet, "dns", 60000) == FLEET_DONE); /* he let it run out */
    redis_server_kill(&server);
    AWAIT(node_is_out(&one.node));
    assert_int_equal(fleet_lease(one.fleet, "dns", 60000), FLEET_AWAY);
    fleet_node_end(&one);
    fleet_node_end(&two);
    redis_server_end(&server);
}

/* What is in the store may be damaged: it is dropped, and the others are merged. */
static void any_octets_to_merge(void **state)
{
    struct redis_server server;
    struct fleet_node one;
    struct fleet_receipt receipt;
    struct buffer value = BUFFER_EMPTY;
    struct charge charge = charge_of(ALICE, &hour, 1, 100);
    (void)state;
    redis_server_start(&server, NULL);
    fleet_node_begin_at(&one, &server);
    charge.now_ms = LEDGER_MS;
    fleet_operation(one.fleet, &receipt);
    assert_true(fleet_remember(one.fleet, &charge, &receipt));
    struct span key = { (const char *)receipt.operation, sizeof(receipt.operation) };
    assert_int_equal(store_get(one.store, STORE_MERGES, key, &value), STORE_FOUND);
    size_t put = 0;
    for (size_t size = 0; size < value.size; size += 7) {
        char name[17];
        snprintf(name, sizeof(name), "%016u", (unsigned)size % 100000u);
        assert_true(store_put(one.store, STORE_MERGES, span_of(name),
                              span_first(buffer_span(&value), size), STORE_SOON));
        put++;
    }
    struct fleet_merged merged = merge_all(&one, LEDGER_MS);
    assert_int_equal(merged.lost, put);
    assert_int_equal(merged.merged, 1);
    assert_int_equal(fleet_used(one.fleet, ALICE, &hour), 1);
    buffer_free(&value);
    fleet_node_end(&one);
    redis_server_end(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_processes_at_one_limit), /* forks: first */
        cmocka_unit_test(stopped_and_merged),
        cmocka_unit_test(killed_and_merged),
        cmocka_unit_test(late_but_done),
        cmocka_unit_test(late_and_revoked),
        cmocka_unit_test(merged_at_its_time),
        cmocka_unit_test(given_back_while_away),
        cmocka_unit_test(other_faults),
        cmocka_unit_test(shares),
        cmocka_unit_test(a_cluster_that_moves_our_keys),
        cmocka_unit_test(records),
        cmocka_unit_test(replaced),
        cmocka_unit_test(a_record_ends),
        cmocka_unit_test(leases),
        cmocka_unit_test(any_octets_to_merge),
    };
    if (!redis_wire_is_built() || !redis_server_is_there()) {
        puts("SKIPPED: no redis-server on this machine, or no hiredis in this build");
        return 77;
    }
    return cmocka_run_group_tests(tests, NULL, NULL);
}
