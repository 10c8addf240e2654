"""A fleet: two daemons with a state of their own count in one Redis, one by TCP and one by its socket, and each for
itself while that is away.

mtaload is the mail server of both. Each case has a login of its own. share is half, so that both together never let
through more than the limit; what was let through is asked of `egressctl user show` on each.
"""

import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor

from stage.base import PATIENCE, SANITIZER_WORDS, Failure, Stage, tail, wait_until
from stage.client import become
from stage.guard import Guard
from stage.liar import Liar
from stage.load import Load
from stage.mail import Mail
from stage.postfix import Postfix, queue_id_of
from stage.redis import PASSWORD, Redis
from stage.sink import Sink
from stage.suite import Group, expect, expect_equal
from stage.world import everybody

CONNECTIONS = 64
LIMIT = 50
BEFORE = 10  # of each node, before an outage
SESSIONS, PER_SESSION = 8, 6  # with each node, through Postfix
DEADLINE_MS = 600  # a busy machine is no outage
SLACK_S = 2 * PATIENCE  # what a message may take beyond it, on a machine that has other things to do

CONFIG = """mode = "enforce";
{everybody}redis = {{ addresses = [ "{address}" ]; node = "{node}"; user = "egress"; password_file = "{password}";
           share = "50%"; deadline = "{deadline}ms"; }};
limits = ( {{ name = "default"; count = "messages"; max = {limit}; per = "1d"; }} );
"""
BEGINNING = "limits hold at a share of this node"
END = "is there again, after"


class Fleet:
    """Two nodes and their Redis."""

    def __init__(self, options):
        self.options = options
        self.stage = Stage("fleet", keep=options.keep)
        self.nodes = []
        try:
            self.redis = Redis(self.stage)
            for name in ("mx1", "mx2"):
                self.nodes.append(Guard(self.stage, options.builddir, self.config(name), name=name))
            for node in self.nodes:
                node.start()
                self.wait_connected(node)
        except BaseException:
            self.stage.close()
            raise

    def config(self, name, password=PASSWORD):
        path = self.stage.write(f"{name}.pw", password + "\n", mode=0o600)
        shutil.chown(path, "nobody")
        address = self.redis.address if name == "mx1" else f"unix:{self.redis.socket}"
        return CONFIG.format(everybody=everybody(self), address=address, node=name, password=path,
                             deadline=DEADLINE_MS, limit=LIMIT)

    def wait_connected(self, node):
        wait_until(lambda: status(node)["connected"], 20, lambda: f"{node.name} to be connected: {status(node)}")

    def finish(self):
        for node in self.nodes:
            expect_equal(node.stop(), 0, f"exit code of {node.name} at TERM")
            bad = re.search(SANITIZER_WORDS, node.every_log())
            if bad:
                raise Failure(f"{node.name} was not well:\n{node.every_log()[bad.start():][:4000]}")

    def report(self):
        return "".join(f"-- {node.name}:\n{tail(node.child.err_path, 8)}" for node in self.nodes if node.child)

    def close(self):
        self.stage.close()


group = Group("fleet", Fleet)


def status(node):
    """What `egressctl status` tells of the fleet."""
    return json.loads(node.ctl_run("--json", "status", check=False).stdout)["fleet"]


def used(node, login):
    """(how much was used, of the fleet or of the node alone)"""
    told = json.loads(node.ctl_run("--json", "user", "show", login).stdout)
    bucket = next(one for one in told["buckets"] if one["class"] == "submission")
    return bucket["limits"][0]["used"], bucket["used_on"]


def value(node, login):
    """The limit that holds for this login."""
    told = json.loads(node.ctl_run("--json", "user", "show", login).stdout)
    return next(one for one in told["buckets"] if one["class"] == "submission")["limits"][0]["max"]


def send(w, login, count, what, connections=CONNECTIONS, is_second_first=False):
    """So many messages on each node at once; (let through by each, the longest answer in seconds)."""
    order = reversed(w.nodes) if is_second_first else w.nodes
    loads = [Load(w.stage, w.options.builddir, node, "--login", login, "--messages", count, "--connections",
                  min(connections, count), "--size", "1K", "--rcpt", f"{what}-{node.name}@away.example", attempts=True)
             for node in order]
    if is_second_first:
        loads.reverse()
    each = []
    for one in loads:
        totals = one.totals(seconds=200)
        expect_equal(totals["accepted"] + totals["deferred"], count, f"answers: {totals}")
        each.append(int(totals["accepted"]))
    return each, max(attempt.ended - attempt.begun for one in loads for attempt in one.attempts())


def count_lines(w, text):
    return [sum(text in line for line in node.log().splitlines()) for node in w.nodes]


@group.case(f"{CONNECTIONS} connections on each of two nodes against {LIMIT}: exactly {LIMIT} go")
def together(w):
    by_each = [0, 0]
    for number in range(4):  # who begins first may be done before the other has begun
        login = f"both{number}@acme.example"
        each, _ = send(w, login, 4 * CONNECTIONS, "all", is_second_first=number % 2 == 1)
        expect_equal(sum(each), LIMIT, f"let through by both; each {each}")
        by_each = [sum(pair) for pair in zip(by_each, each)]
        for node in w.nodes:
            expect_equal(used(node, login), (LIMIT, "fleet"), f"used, as {node.name} tells")
    print(f"two nodes: {by_each} let through", flush=True)
    expect(min(by_each) > 0, f"one of them did all the work: {by_each}")


@group.case(f"{SESSIONS} sessions of Postfix with each node: exactly {LIMIT} go, and replies say so")
def through_postfix(w):
    login, sink = "postfix@acme.example", Sink(w.stage)
    settings = {"smtpd_error_sleep_time": "0", "smtpd_hard_error_limit": "1000"}
    server = Postfix(w.stage, w.nodes[0].postfix_spec(), sink.port, settings=settings,
                     second_milter=w.nodes[1].postfix_spec()).start()
    ports = (server.smtp, server.ports["second"])
    with ThreadPoolExecutor(SESSIONS * len(ports)) as pool:
        each = [[pool.submit(one_session, login, port) for _ in range(SESSIONS)] for port in ports]
        replies = [[reply for session in sessions for reply in session.result()] for sessions in each]
    taken = [sum(reply.code == 250 for reply in node) for node in replies]
    expect_equal(sum(taken), LIMIT, f"let through by both; each {taken}")
    expect(min(taken) > 0, f"one of them did all the work: {taken}")
    wrong = [reply for node in replies for reply in node if reply.code != 250 and not reply.text.startswith(
        f"451 4.7.1 limit-exceeded: limit default: {LIMIT} of {LIMIT} messages to outside used in 1 day, ")]
    expect(not wrong, f"other replies: {wrong[:3]}")
    for node in w.nodes:
        expect_equal(used(node, login), (LIMIT, "fleet"), f"used, as {node.name} tells")
    wait_until(lambda: "Mail queue is empty" in server.queue(), 20, "the queue to be empty")
    expect_equal(len(sink.messages), LIMIT, "messages that arrived")


@group.case("a held message is charged for the fleet, and its deletion gives that back on all nodes")
def held(w):
    login, node = "held@acme.example", w.nodes[0]
    server = Postfix(w.stage, node.postfix_spec(), Sink(w.stage).port, name="postfix-held").start()
    node.configure(w.config(node.name) + 'rules = { message-id-missing = "hold"; };\n'
                   f'hold = {{ command = [ "/usr/sbin/postsuper", "-c", "{server.etc}" ]; }};\n')
    expect("not taken" not in node.reload(), "the reload")
    with become(login, server.smtp) as client:
        for without in ((), ("Message-ID",)):
            mail = Mail(sender=login, without=without)
            reply = client.send(mail.sender, mail.recipient, mail.data)
    queue_id = queue_id_of(reply)
    expect(server.is_held(queue_id), f"{queue_id} is held")
    for one in w.nodes:
        expect_equal(used(one, login), (2, "fleet"), f"used, as {one.name} tells")
    node.ctl_run("hold", "delete", queue_id, "--yes")
    for one in w.nodes:
        wait_until(lambda at=one: used(at, login) == (1, "fleet"), 20, lambda at=one: f"it given back: {used(at, login)}")
    node.configure(w.config(node.name))
    node.reload()


def one_session(login, port):
    """The replies to its messages."""
    with become(login, port) as client:
        mails = [Mail(sender=login) for _ in range(PER_SESSION)]
        return [client.send(mail.sender, mail.recipient, mail.data, want=None) for mail in mails]


def meanwhile(w, login):
    """Each node at its half, of which it has used ten; the longest answer, and the reasons that are told."""
    each, longest = send(w, login, 4 * CONNECTIONS, "meanwhile")
    expect_equal(each, [LIMIT // 2 - BEFORE] * 2, "let through meanwhile, by each node's share")
    expect(longest < DEADLINE_MS / 1000 * 3 + SLACK_S, f"the longest answer took {longest:.2f} s")
    wait_until(lambda: all(not status(node)["connected"] and "out_since" in status(node) for node in w.nodes), 30,
               lambda: f"both to say so: {[status(node) for node in w.nodes]}")
    reasons = [status(node)["reason"] for node in w.nodes]
    for node in w.nodes:
        expect_equal(used(node, login), (LIMIT // 2, "node"), f"used, as {node.name} tells")
        health = node.ctl_run("health", check=False)
        expect(health.returncode == 1 and b"redis: none since" in health.stdout, f"health: {health.stdout}")
    return longest, reasons


def outage(w, login, begin, end):
    """Ten messages on each node, the outage, many more, its end; nothing is forgotten and nothing counts twice."""
    before = [count_lines(w, text) for text in (BEGINNING, END)]
    each, _ = send(w, login, BEFORE, "before", connections=2)
    expect_equal(each, [BEFORE, BEFORE], "let through before")
    begin()
    try:
        longest, reasons = meanwhile(w, login)
    finally:
        end()  # the other cases want it
    for node in w.nodes:
        w.wait_connected(node)
        wait_until(lambda at=node: status(at)["waiting"] == 0, 30, lambda at=node: f"all to be merged: {status(at)}")
        expect_equal(status(node)["lost"], 0, "charges that were lost")
    for node in w.nodes:
        expect_equal(used(node, login), (LIMIT, "fleet"), f"used afterwards, as {node.name} tells")
    each, _ = send(w, login, CONNECTIONS, "after")
    expect_equal(each, [0, 0], "let through afterwards")
    for text, was in zip((BEGINNING, END), before):
        expect_equal(count_lines(w, text), [number + 1 for number in was], f"lines with \"{text}\"")
    print(f"{login}: longest answer {longest:.2f} s; {reasons[0]}", flush=True)


@group.case("Redis is killed, and started again: each node's half, then all of it, one line each")
def killed(w):
    outage(w, "killed@acme.example", w.redis.kill, w.redis.start)


@group.case("Redis stands still: mail waits for its deadline, and what it took unseen counts once")
def stopped(w):
    outage(w, "stopped@acme.example", w.redis.stop, w.redis.go_on)


@group.case("the password is another one")
def wrong_password(w):
    outage(w, "password@acme.example", w.redis.change_password, w.redis.change_password_back)


@group.case("Redis becomes a replica that takes no writes")
def replica(w):
    outage(w, "replica@acme.example", w.redis.become_replica, w.redis.become_primary)


@group.case("an override set on one node holds on the other, also when it was set during an outage; cleared likewise")
def override(w):
    login, first, second = "more@acme.example", w.nodes[0], w.nodes[1]
    words = ("limit", "set", "--until", "never", "--because", "month end", login, "default")
    first.ctl_run(*words, LIMIT + 20)
    wait_until(lambda: value(second, login) == LIMIT + 20, 10, "the override on the other node")
    each, _ = send(w, login, 4 * CONNECTIONS, "more")
    expect_equal(sum(each), LIMIT + 20, f"let through by both; each {each}")
    w.redis.kill()
    second.ctl_run(*words, LIMIT + 30)
    w.redis.start()
    wait_until(lambda: value(first, login) == LIMIT + 30, 30, "the second override on the first node")
    second.ctl_run("limit", "clear", login, "default")
    wait_until(lambda: value(first, login) == LIMIT, 10, "its end on the first node")


def is_listed(node, address):
    told = json.loads(node.ctl_run("--json", "suppress", "list", address).stdout)
    return any(one["address"] == address for one in told["suppressed"])


def rules_of(node, server, recipient):
    """What this node finds about mail to him."""
    mail = Mail(sender="writer@acme.example")
    with become("writer@acme.example", server.smtp) as client:
        client.send(mail.sender, recipient, mail.data)
    return node.line(mail=mail)["rules"]


@group.case("an address suppressed on one node is found on the other, and removed there on both, also during an outage")
def suppressed(w):
    first, second = w.nodes
    server = Postfix(w.stage, second.postfix_spec(), Sink(w.stage).port, name="postfix-suppressed").start()
    gone, other = "gone@away.example", "other@away.example"
    first.ctl_run("suppress", "add", "--because", "left in May", gone)
    wait_until(lambda: is_listed(second, gone), 10, f"{gone} on the list of the second node")
    expect_equal(rules_of(second, server, gone), "recipient-suppressed:observe", "found by the second node")
    second.ctl_run("suppress", "remove", gone)
    wait_until(lambda: not is_listed(first, gone), 10, f"{gone} off the list of the first node")
    expect(rules_of(second, server, gone) is None, "nothing is found any more")
    first.ctl_run("suppress", "add", gone)
    wait_until(lambda: is_listed(second, gone), 10, f"{gone} on the list of the second node again")
    w.redis.stop()
    try:
        wait_until(lambda: not any(status(node)["connected"] for node in w.nodes), 30, "both to be without Redis")
        second.ctl_run("suppress", "remove", gone)
        second.ctl_run("suppress", "add", other)
        expect(is_listed(first, gone) and not is_listed(first, other), "the first node knows nothing of it yet")
    finally:
        w.redis.go_on()
    wait_until(lambda: not is_listed(first, gone) and is_listed(first, other), 30, "the first node to learn of both")
    first.ctl_run("suppress", "remove", other)
    wait_until(lambda: not is_listed(second, other), 10, f"{other} off the list of the second node")


@group.case("who is suspended on one node is on the other, and is released there on both")
def suspended(w):
    first, second = w.nodes

    def state(node):
        told = json.loads(node.ctl_run("--json", "user", "suspended").stdout)
        return {one["name"]: one["state"] for one in told["principals"]}.get("writer@acme.example")

    first.ctl_run("user", "suspend", "--because", "phished", "writer@acme.example")
    wait_until(lambda: state(second) == "suspended", 10, "the second node to know")
    second.ctl_run("user", "release", "writer@acme.example")
    wait_until(lambda: state(first) == "released", 10, "the first node to know of the release")


@group.case("counts are reset for the fleet by one node")
def reset(w):
    login = "anew@acme.example"
    each, _ = send(w, login, CONNECTIONS, "first")
    expect_equal(sum(each), LIMIT, "let through at first")
    w.nodes[0].ctl_run("limit", "reset", login)
    for node in w.nodes:
        expect_equal(used(node, login), (0, "fleet"), f"used, as {node.name} tells")
    each, _ = send(w, login, CONNECTIONS, "second")
    expect_equal(sum(each), LIMIT, "let through after the reset")


@group.case("Redis is flushed: counts begin anew, overrides come again from the nodes, nobody complains")
def flushed(w):
    login, before = "flushed@acme.example", count_lines(w, BEGINNING)
    w.nodes[0].ctl_run("limit", "set", "--until", "never", "--because", "test", login, "default", LIMIT + 7)
    wait_until(lambda: value(w.nodes[1], login) == LIMIT + 7, 10, "the override on the other node")
    w.redis.say("FLUSHALL")
    wait_until(lambda: w.redis.say("HLEN", "{egress:mx}r:override") != "0", 10, "the overrides in Redis")
    each, _ = send(w, login, 2 * CONNECTIONS, "anew")
    expect_equal(sum(each), LIMIT + 7, "let through by both")
    expect_equal(count_lines(w, BEGINNING), before, "outages")
    for node in w.nodes:
        expect_equal(value(node, login), LIMIT + 7, f"the override of {node.name}")


@group.case("settings of redis are taken at a start only, and a reload says so once")
def reloaded(w):
    node = w.nodes[0]
    node.configure(w.config(node.name).replace('share = "50%"', 'share = "40%"'))
    said = node.reload()
    expect_equal(said.count("redis has changed: that takes effect at the next start only"), 1, f"warnings in {said}")
    node.configure(w.config(node.name))
    expect("redis has changed" not in node.reload(), "a warning about what is as it was")


WATCHED = """outgoing = {{ addresses = [ "198.51.100.7" ]; helo = "mail.acme.example"; }};
dns = {{ servers = [ "127.0.0.1@{port}" ]; }};
lists = ( {{ zone = "bl.example"; kind = "address"; use = "own"; codes = ( {{ code = "127.0.0.2"; means = "bad"; }} ); }} );
listings = {{ own_every = "1s"; }};
"""
LISTED = "reputation: 198.51.100.7 is listed by bl.example"
QUESTION = "7.100.51.198.bl.example"


@group.case("whether lists have us is asked by one node, which tells it")
def one_watcher(w):
    rows = {("2.0.0.127.bl.example", "A"): ["127.0.0.2"], (QUESTION, "A"): ["127.0.0.2"]}
    liar = Liar(w.stage, ("example",), rows)
    for node in w.nodes:
        node.restart(w.config(node.name) + WATCHED.format(port=liar.port))
        w.wait_connected(node)
    wait_until(lambda: sum(count_lines(w, LISTED)) > 0, 30, "a line about the listing")
    first = count_lines(w, LISTED).index(1)
    asked = liar.count(QUESTION)
    wait_until(lambda: liar.count(QUESTION) >= asked + 5, 30, "more rounds")
    told = [LISTED.partition(": ")[2] in node.ctl_run("status", check=False).stdout.decode() for node in w.nodes]
    expect_equal((sum(count_lines(w, LISTED)), told), (1, [first == place for place in range(2)]),
                 "lines about it, and who shows it")
    for node in w.nodes:
        node.restart(w.config(node.name))
        w.wait_connected(node)
