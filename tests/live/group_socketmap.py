"""contrib/socketmap-sql in front of real databases: what it answers, what it survives, what it refuses."""

import importlib.machinery
import os
import re
import shutil
import signal
import sqlite3
import stat
import threading
import time

from stage.base import PATIENCE, Failure, Stage, is_alive, run_tool, wait_until
from stage.databases import AS_USER, GROUP, ROWS, USER, Sqlite, start_all
from stage.socketmap import PROGRAM, Client, SocketmapSql, Table, postmap
from stage.suite import Group, expect, expect_equal

KINDS = ("sqlite", "postgresql", "mariadb", "slapd")
# Addresses nobody owns, whatever the database would make of their characters.
FOREIGN = ["nobody@example.org", "", "' OR '1'='1", "x' UNION SELECT 'root' -- ", "\\' OR 1=1 -- ",
           "\" OR \"\"=\"", "%", "alice@example.or_", "alice%", "*", "alice*", "*)(mail=*", ")(|(mail=*", "\\2a",
           "(a)\\2a@example.org",
           ":key", "%(key)s", "%s", "{key}", "alice@example.org'", "alice@example.org\\", "alice@example.org;",
           "null@example.org", "jose@example.org", b"alice\0@example.org", b"alice@example.org\0",
           b"\xff\xfe@example.org", "a" * 5000]


class Yard:
    """All databases, and a socketmap-sql in front of each."""

    def __init__(self, options):
        self.options = options
        self.stage = Stage("socketmap", keep=options.keep)
        try:
            self.databases = start_all(self.stage)
            self.maps = {}
            for name, database in self.databases.items():
                self.maps[name] = SocketmapSql(self.stage, name, database.server, {"owners": database.map_lines})
                self.maps[name].start()
        except BaseException:
            self.stage.close()
            raise
        self.count = 0

    def another(self, lines="", maps=None, extra="timeout = 1\n", start=True):
        """A socketmap-sql of a case's own, in front of SQLite."""
        self.count += 1
        database = self.databases["sqlite"]
        maps = maps if maps is not None else {"owners": database.map_lines}
        server = SocketmapSql(self.stage, f"own{self.count}", database.server + lines, maps, extra)
        return server.start() if start else server

    def report(self):
        return "\n".join(f"{name}: {server.said()[-600:]}" for name, server in self.maps.items())

    def close(self):
        self.stage.close()


group = Group("socketmap", Yard)


def owners_of(kind):
    """Address -> reply, as the rows have it."""
    owners = {}
    for address, login in ROWS:
        if kind != "slapd" or address.isascii():
            owners.setdefault(address, []).append(login)
    return {address: ", ".join(logins) for address, logins in owners.items()}


def for_each_kind(title, kinds=KINDS):
    """A case of the same question for each database."""
    def keep(function):
        for kind in kinds:
            group.case(f"{kind}: {title}")(lambda y, kind=kind: function(y, kind))
        return function
    return keep


@for_each_kind("every row is found, several of them are joined")
def found(y, kind):
    owners = owners_of(kind)
    replies = y.maps[kind].ask(*owners)
    expect_equal(dict(zip(owners, replies)), {address: f"OK {value}" for address, value in owners.items()}, "replies")


@for_each_kind("characters that mean something to the database mean nothing")
def foreign(y, kind):
    replies = y.maps[kind].ask(*FOREIGN)
    expect_equal([(key, reply) for key, reply in zip(FOREIGN, replies) if reply != "NOTFOUND "], [], "found")
    expect_equal(y.maps[kind].ask("alice@example.org"), ["OK alice"], "the table afterwards")


@for_each_kind("Postfix's own client gets the same answers")
def through_postmap(y, kind):
    owners = {address: value for address, value in owners_of(kind).items() if address.isascii()}
    others = [key for key in FOREIGN if key and isinstance(key, str) and len(key) < 500]
    expect_equal(y.maps[kind].postmap(*owners, *others), owners, "what it found")
    try:
        y.maps[kind].postmap("alice@example.org", map="nothing")
    except Failure:
        return
    raise Failure("an unknown map is an answer to Postfix")


@for_each_kind("a table of egress-milter gets the same answers")
def through_table(y, kind):
    owners = owners_of(kind)
    with y.maps[kind].table(y.options.builddir) as table:
        expect_equal(dict(zip(owners, table.ask(*owners))),
                     {address: f"FOUND {value}" for address, value in owners.items()}, "all at once")
        strange = [key for key in FOREIGN if key and isinstance(key, str) and " " not in key and len(key) < 500]
        expect_equal(set(table.ask(*strange)), {"ABSENT"}, "strange keys")


def status(server):
    return server.ask("alice@example.org")[0].split()[0]


@for_each_kind("killed it is TEMP, never NOTFOUND, and back it is found again")
def killed(y, kind):
    database, server = y.databases[kind], y.maps[kind]
    database.kill()
    for _ in range(3):
        begin = time.monotonic()
        expect_equal(server.ask("alice@example.org", "nobody@example.org"),
                     ["TEMP the database did not answer"] * 2, "replies without a database")
        expect(time.monotonic() - begin < 5 * PATIENCE, "a dead database takes too long")
    try:
        server.postmap("nobody@example.org")
    except Failure:
        pass
    else:
        raise Failure("to Postfix the dead database has an answer")
    with server.table(y.options.builddir) as table:
        expect(table.ask("nobody@example.org")[0].startswith("UNAVAILABLE socketmap:"), "to us it has one")
        database.start()
        wait_until(lambda: status(server) == "OK", 15, "an answer after the return")
        expect_equal(table.ask("alice@example.org", "nobody@example.org"), ["FOUND alice", "ABSENT"], "to us")
    said = server.said()
    expect("no answer from the database" in said and "the database answers again" in said, f"it said {said}")


@for_each_kind("standing still it costs a while and no more, and going on it answers", kinds=KINDS[1:])
def still(y, kind):
    database, server = y.databases[kind], y.maps[kind]
    expect_equal(status(server), "OK", "before")
    database.pause()
    try:
        begin = time.monotonic()
        reply = status(server)
        expect(reply in ("TEMP", "TIMEOUT"), f"it answered {reply}")
        expect(time.monotonic() - begin < 4 * PATIENCE, "longer than two timeouts")
    finally:
        database.resume()
    wait_until(lambda: status(server) == "OK", 15, "an answer after the pause")


@group.case("many clients at once get their own answers")
def crowd(y):
    server, wrong = y.maps["postgresql"], []
    owners = owners_of("postgresql")

    def ask(first):
        keys = list(owners)[first:] + list(owners)[:first]
        for _ in range(10):
            replies = server.ask(*keys)
            if replies != [f"OK {owners[key]}" for key in keys]:
                wrong.append(replies)
    threads = [threading.Thread(target=ask, args=(number % len(owners),)) for number in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect_equal(wrong, [], "answers of somebody else")


@group.case("what is no request is hung up on; the others go on")
def garbage(y):
    server = y.maps["sqlite"]
    for data in (b"GET / HTTP/1.1\r\n\r\n", b":", b"99999999:", b"10001:", b"6:owners,", b"5:owner s,", b"-1:x,",
                 b"3:a b;"):
        with Client(server.place) as client:
            client.send_raw(data)
            expect_equal(client.reply(), None, f"reply to {data}")
    with Client(server.place) as half:
        half.send_raw(b"24:owners alice@exam")
        expect_equal(status(server), "OK", "another client meanwhile")
        half.send_raw(b"ple.org,")
        expect_equal(half.reply(), "OK alice", "a request in two halves")


@group.case("a client that reads nothing holds up nobody")
def reads_nothing(y):
    server = y.maps["sqlite"]
    with Client(server.place) as deaf:
        deaf.stream.setblocking(False)
        try:
            for _ in range(100000):
                deaf.send_raw(b"24:owners alice@example.org,")
        except BlockingIOError:
            pass
        for _ in range(20):
            expect_equal(status(server), "OK", "another client")


@group.case("a map that is not there is PERM")
def unknown_map(y):
    expect_equal(y.maps["sqlite"].ask("alice@example.org", map="other"), ["PERM no such map"], "reply")


@group.case("a result that cannot be an answer is TEMP, and so is a query the database refuses")
def odd_results(y):
    maps = {"line": "query = SELECT 'a' || char(10) || 'b' WHERE :key <> ''\n",
            "large": "query = SELECT printf('%.100001c', 'x') WHERE :key <> ''\n",
            "fits": "query = SELECT printf('%.99997c', 'x') WHERE :key <> ''\n",
            "wrong": "query = SELECT login FROM no_such_table WHERE address = :key\n",
            "endless": "query = WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)\n"
                       "  SELECT count(*) FROM n WHERE i <> :key\n",
            "writes": "query = DELETE FROM owners WHERE address = :key\n",
            "halves": "query = SELECT :local, :domain, NULL, '', 7\n"}
    server = y.another(maps=maps, extra="timeout = 0.5\n")
    for name in ("line", "large"):
        expect_equal(server.ask("a", map=name), ["TEMP the result cannot be used"], name)
    expect_equal(len(server.ask("a", map="fits")[0]), 100000, "the largest reply")
    for name in ("wrong", "endless", "writes"):
        expect(server.ask("alice@example.org", map=name)[0].split()[0] in ("TEMP", "TIMEOUT"), name)
    expect_equal(server.ask("a@b@c", "bare", map="halves"), ["OK a@b, c, 7", "OK bare, 7"], "halves")
    expect_equal(status(y.maps["sqlite"]), "OK", "the table afterwards")


@group.case("an SQLite file put in the place of the other is noticed")
def replaced(y):
    path = y.stage.path("sqlite", "other.db")
    Sqlite.fill(path, "UPDATE owners SET login = 'zoe' WHERE address = 'alice@example.org';")
    server = y.another()
    expect_equal(server.ask("alice@example.org"), ["OK alice"], "before")
    old = y.databases["sqlite"].path
    os.rename(old, old + ".old")
    os.rename(path, old)
    expect_equal(server.ask("alice@example.org"), ["OK zoe"], "after")
    os.rename(old + ".old", old)
    expect_equal(server.ask("alice@example.org"), ["OK alice"], "and back")


@group.case("an SQLite file that somebody writes to is read all the same")
def written(y):
    server = y.another()
    connection = sqlite3.connect(y.databases["sqlite"].path)
    connection.execute("INSERT INTO owners VALUES ('new@example.org', 'new')")
    expect_equal(server.ask("new@example.org", "alice@example.org"), ["NOTFOUND ", "OK alice"], "before the commit")
    connection.commit()
    connection.close()
    expect_equal(server.ask("new@example.org"), ["OK new"], "after it")


@group.case("TERM ends 0 and takes the socket away, with clients connected")
def term(y):
    server = y.another()
    with Client(server.place) as client:
        client.send(b"owners alice@example.org")
        expect_equal(client.reply(), "OK alice", "reply")
        expect_equal(server.child.stop(), 0, "exit code")
        expect_equal(client.reply(), None, "what the client sees")
    expect(not os.path.exists(server.socket), "the socket stays")
    expect("Traceback" not in server.said(), server.said())


@group.case("the socket has its mode and group; one left by a crash is replaced, one in use is not")
def the_socket(y):
    server = y.another(f"mode = 0620\ngroup = {GROUP}\n")
    expect_equal(stat.S_IMODE(os.stat(server.socket).st_mode), 0o620, "mode")
    expect_equal(server.group_of_socket(), GROUP, "group")
    code, _, said = server.run()
    expect(code == 78 and "somebody serves there" in said, f"a second one: {code}, {said}")
    server.child.kill(signal.SIGKILL)
    server.child.wait(10)
    expect(os.path.exists(server.socket), "no socket is left")
    server.start()
    expect_equal(status(server), "OK", "after the crash")


@group.case("an inet socket works, too")
def over_inet(y):
    server = y.another(start=False)
    server.place = f"inet:127.0.0.1:{y.stage.ports.take()}"
    server.write(y.databases["sqlite"].server, {"owners": y.databases["sqlite"].map_lines})
    server.start()
    expect_equal(server.ask("alice@example.org"), ["OK alice"], "reply")
    expect_equal(server.postmap("team@example.org"), {"team@example.org": "bob, carol"}, "to Postfix")


@group.case("--check asks once, prints, and ends with what it found")
def by_hand(y):
    server = y.another(maps={"owners": y.databases["sqlite"].map_lines,
                             "none": "query = SELECT NULL WHERE :key = ''\n"}, start=False)
    expect_equal(server.run("--check", "team@example.org")[:2], (0, "owners: OK bob, carol\nnone: NOTFOUND\n"), "found")
    expect_equal(server.run("--check", "x@example.org")[:2], (1, "owners: NOTFOUND\nnone: NOTFOUND\n"), "not found")
    expect_equal(server.run("--check", "team@example.org", "--map", "none")[:2], (1, "none: NOTFOUND\n"), "one map")
    server.write("database = sqlite:/nonexistent/users.db\n", {"owners": y.databases["sqlite"].map_lines})
    code, printed, _ = server.run("--check", "team@example.org")
    expect_equal((code, printed), (75, "owners: TEMP the database did not answer\n"), "no database")


@group.case("a wrong query file ends 78 and says what is wrong")
def wrong_files(y):
    program = importlib.machinery.SourceFileLoader("socketmap_sql", PROGRAM).load_module()
    server = y.another(start=False)
    open_password = y.stage.write("socketmap-password", "secret", 0o644)
    query = {"owners": "query = SELECT login FROM owners WHERE address = :key\n"}
    sqlite = "database = sqlite:/tmp/x\n"
    for lines, maps, words in (
            ("", query, "database begins with one of sqlite:"),
            ("database = oracle://x\n", query, "database begins with one of sqlite:"),
            (sqlite + "colour = blue\n", query, "unknown: colour"),
            (sqlite + "connections = 0\n", query, "connections is 1 to 100"),
            (sqlite + "mode = rw\n", query, "invalid literal"),
            (sqlite, {}, "there is no section [map NAME]"),
            (sqlite, {"two words": query["owners"]}, "sections are [server] and [map NAME]"),
            (sqlite, {"owners": "query = SELECT login FROM owners\n"}, "query has to hold :key"),
            (sqlite, {"owners": query["owners"] + "filter = x\n"}, "sections are [server] and [map NAME]"),
            ("database = ldap://127.0.0.1\n", {"owners": "filter = (mail={key})\n"}, "needs base, filter and"),
            ("database = mysql://a:b@127.0.0.1/x\n", query, "belongs into password_file"),
            (sqlite + f"password_file = {open_password}\n", query, "can be read by everybody: chmod o="),
            (sqlite + "listen = unix:/tmp/x\n", query, "listen")):
        server.write(lines, maps)
        try:
            program.Settings(server.file)
        except program.ConfigError as error:
            expect(words in str(error), f"{lines!r}, {maps}: {error}")
        else:
            raise Failure(f"accepted: {lines!r}, {maps}")
    code, _, said = server.run()
    expect(code == 78 and f"{server.file}: While reading" in said, f"it ends {code} and says {said}")
    expect("Traceback" not in said, said)


@group.case("a table of egress-milter comes back to a server that was killed and started again")
def server_restarted(y):
    server = y.another()
    with server.table(y.options.builddir) as table:
        expect_equal(table.ask("alice@example.org"), ["FOUND alice"], "before")
        server.child.kill(signal.SIGKILL)
        server.child.wait(10)
        expect(table.ask("alice@example.org")[0].startswith("UNAVAILABLE "), "without a server")
        server.start()
        wait_until(lambda: table.ask("alice@example.org") == ["FOUND alice"], 15, "an answer after the restart")


@group.case("lmdb: what postmap writes is what a table of egress-milter reads, while it is written anew, too")
def written_by_postmap(y):
    path = y.stage.path("lmdb", "owners")
    y.stage.write("lmdb/owners", "".join(f"{address} {login}\n" for address, login in
                                         [("Alice@example.org", "alice"), ("team@example.org", "bob, carol")] +
                                         [(f"user{number}@example.org", "x" * number + "y")
                                          for number in range(3000)]))
    run_tool([*postmap(y.stage), f"lmdb:{path}"])
    with Table(y.options.builddir, f"lmdb:{path}") as table:
        expect_equal(table.ask("alice@example.org", "team@example.org", "user0@example.org", "bob@example.org"),
                     ["FOUND alice", "FOUND bob, carol", "FOUND y", "ABSENT"], "small values")
        expect_equal(table.ask("user2999@example.org"), ["FOUND " + "x" * 2999 + "y"], "a large one")
    writer = threading.Thread(target=lambda: [run_tool([*postmap(y.stage), f"lmdb:{path}"]) for _ in range(3)])
    writer.start()
    try:
        while writer.is_alive():
            with Table(y.options.builddir, f"lmdb:{path}") as table:
                expect_equal(table.ask("alice@example.org", "user2999@example.org"),
                             ["FOUND alice", "FOUND " + "x" * 2999 + "y"], "meanwhile")
    finally:
        writer.join()


@group.case("the sample files are understood")
def samples(y):
    folder = os.path.dirname(PROGRAM)
    password = y.stage.write("sample-password", "secret", 0o640)
    shutil.chown(password, USER, GROUP)
    seen = []
    for name in sorted(os.listdir(folder)):
        if name.endswith(".conf"):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                text = stream.read()
            text = text.replace("/etc/socketmap-sql/password", password)
            text = re.sub(r"(?m)^database = .*//ldap.example.org$", "database = ldaps://127.0.0.1:1", text)
            file = y.stage.write(f"sample-{name}", text)
            done = run_tool([*AS_USER, PROGRAM, file, "--check", "alice@example.org"], check=False)
            expect_equal((done.returncode, done.stdout.decode()),
                         (75, "owners: TEMP the database did not answer\n"), f"{name}: {done.stderr.decode()}")
            seen.append(name)
    expect_equal(seen, ["ldap.conf", "mariadb.conf", "postgresql.conf", "sqlite.conf"], "samples")


@group.case("nothing went wrong unseen")
def in_the_end(y):
    for name, server in y.maps.items():
        expect(is_alive(server.child.pid), f"{name} has ended")
        expect("Traceback" not in server.said(), f"{name}: {server.said()}")
        expect_equal(server.child.stop(), 0, f"exit code of {name}")
