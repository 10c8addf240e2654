"""Cases about egressctl beside a mail server that is sending: what it tells of limits is what clients meet, what it
changes holds from the next message on, and the log says who did it.  On every MTA.
"""

import json
import re
from collections import Counter
from contextlib import contextmanager

from limits_world import PLANS, others, use_up
from stage.background import BackgroundGuard
from stage.base import PATIENCE, wait_until
from stage.mail import Mail
from stage.suite import expect, expect_equal
from stage.world import PRINTER

ROW = r"limits row at \S+/egress-milter\.conf:\d+"


def tell(w, *words):
    """What a command answers, as JSON."""
    return json.loads(w.guard.ctl_run("--json", *words).stdout)


def buckets(w, name):
    """Of `user show`: class -> (the bucket, limit -> its row)."""
    return {one["class"]: (one, {row["limit"]: row for row in one["limits"]})
            for one in tell(w, "user", "show", name)["buckets"]}


def default_of(w, login):
    """The row `default` of a login's own mail."""
    return buckets(w, login)["submission"][1]["default"]


def audits(w, name):
    """What the log keeps of changes of this name, oldest first."""
    lines = [line for line in w.guard.log().splitlines() if "audit: did=" in line and name in line]
    return [line.split("audit: ", 1)[1] for line in lines]


def override(w):
    """More for a while, and the configuration again; what was used counts on all the time."""
    login, hurried = w.take(), w.take()
    use_up(w, login)
    w.mail_of(login, want=451)
    w.guard.ctl_run("limit", "set", "--until", f"+{5 * PATIENCE:.0f}s", "--because", "now", hurried, "default", 1)
    w.mail_of(hurried)[1].expect(verdict="accept", limits="default:1/1")
    said = w.guard.ctl_run("limit", "set", "--until", "never", "--because", "month end", login, "default", 7)
    expect(re.fullmatch(rf"default for {login} is now 7 external recipients in 1h: override by root \(month end\)\n"
                        rf"it was 5: {ROW}\n", said.stdout.decode()), f"said: {said.stdout}")
    for used in (6, 7):
        w.mail_of(login)[1].expect(verdict="accept", limits=f"default:{used}/7")
    expect("limit default: 7 of 7 external" in w.mail_of(login, want=451)[0].text, "the reply at the override")
    row = default_of(w, login)
    expect_equal((row["used"], row["max"], row["source"]["kind"], row["source"]["by"], row["source"]["because"]),
                 (7, 7, "override", "root", "month end"), "user show")
    listed = [one for one in tell(w, "limit", "list")["overrides"] if one["name"] == login]
    expect_equal([(one["limit"], one["max"], one["holds"]) for one in listed], [("default", 7, True)], "limit list")
    w.guard.ctl_run("limit", "clear", login, "default")
    expect("limit default: 7 of 5 external" in w.mail_of(login, want=451)[0].text, "the reply without it")
    expect_equal(w.guard.ctl_run("limit", "clear", login, "default", check=False).returncode, 1, "a second clear")
    who, ours, usual = f"by=root user={login} limit=default", r'"7, override by root \(month end\)"', f'"5, {ROW}"'
    kept = "\n".join(audits(w, login))
    expect(re.fullmatch(f"did=limit-set {who} now={ours} was={usual}\ndid=limit-clear {who} was={ours} now={usual}", kept),
           f"audits: {kept}")
    wait_until(lambda: default_of(w, hurried)["max"] == 5, 10, "the end of what was set for a while")
    w.mail_of(hurried)[1].expect(verdict="accept", limits="default:2/5")


def reset(w):
    """Counts of one login begin anew, and nobody else's."""
    login, other = w.take(), w.take()
    w.mail_of(other)
    use_up(w, login)
    w.mail_of(login, want=451)
    account = f"principal/submission/{login}"
    said = w.guard.ctl_run("limit", "reset", login, "default")
    expect_equal(said.stdout.decode(), f"{account}: begins anew; it had used 5 external recipients in 1h\n", "said")
    expect_equal(audits(w, login), [f'did=limit-reset by=root user={account} limit=default '
                                    'was="5 external recipients in 1h"'], "audits")
    use_up(w, login)
    w.mail_of(login, want=451)
    w.mail_of(other)[1].expect(limits="default:2/5")
    expect_equal(w.guard.ctl_run("limit", "reset", w.take(), check=False).returncode, 1, "of whom nothing is counted")


def shown(w):
    """What a client is told at the limit stands there too, and which line of the configuration says so."""
    login = w.take()
    for used in (1, 2):
        w.mail_of(login)
        row = default_of(w, login)
        expect_equal((row["used"], row["max"], row["fits_in_s"], row["acts"]), (used, 5, 0, True), "user show")
    mail = Mail()
    w.mail_of(login, others(mail, 3), mail)
    for _ in range(2):
        reply, _ = w.mail_of(login, want=451)
    bucket, rows = buckets(w, login)["submission"]
    source = rows["default"]["source"]
    minutes = int(re.search(r"again in (\d+) minutes", reply.text).group(1))
    expect_equal((rows["default"]["used"], bucket["attempts_1h"], source["kind"]), (5, 2, "row"), "at the limit")
    later = 60 * minutes - rows["default"]["fits_in_s"]  # minutes are rounded up
    expect(0 <= later < 60 + 30 * PATIENCE, f"{reply.text}, and {rows['default']}")
    with open(source["file"], encoding="utf-8") as stream:
        line = stream.read().splitlines()[source["line"] - 1]
    expect('name = "default"' in line, f"{source} is: {line}")
    text = w.guard.ctl_run("user", "show", login).stdout.decode()
    expect(re.search(rf"(?m)^    5/5 +external recipients +1h +in .+ default, defer: {ROW}$", text), f"text: {text}")
    row = default_of(w, "u1@acme.example")
    source = row["source"]
    expect_equal((row["max"], source["kind"], source["until"]), (7, "exception", "2099-12-31"), "an exception")
    w.send(Mail(sender="printer@acme.example"), source=PRINTER)
    row = buckets(w, "printers")["relay"][1]["default"]
    expect(row["used"] > 0 and not row["acts"], f"a network that is only told: {row}")


def nearest(w):
    """Who is stuck stands before who has something left, and by use before whom sends less."""
    stuck, near = w.take(), w.take()
    use_up(w, stuck)
    use_up(w, near, 4, 5)
    for _ in range(2):
        w.mail_of(stuck, want=451)
    top = [(one["name"], one["limit"], one["used"], one["max"], one["attempts_1h"])
           for one in tell(w, "top", "-n", 1000)["top"]]
    mine = [row for row in top if row[0] in (stuck, near)]
    expect_equal(mine, [(stuck, "default", 5, 5, 2), (near, "default", 4, 5, 0)], "top")
    shares = [used / most for _, _, used, most, _ in top]
    expect_equal(shares, sorted(shares, reverse=True), "what is used, from the nearest on")
    mail, mailer = Mail(), w.take("mailing")
    w.mail_of(mailer, others(mail, 480), mail)
    first = tell(w, "top", "--by", "used", "-n", 3)["top"]
    expect(len(first) == 3 and mailer in [one["name"] for one in first], f"who sends most: {first}")


def which_plan(w):
    """The plan of a login is the one its mail is counted by."""
    plans = {one["plan"]: one for one in tell(w, "plans")["plans"]}
    for name in ("mailing", "strict", "kept", "wrong"):
        expect_equal((plans[name]["rows"], plans[name]["limits"]), (len(PLANS[name]), [name]), f"plan {name}")
    expect(plans["basic"]["default"], f"plan basic: {plans['basic']}")
    mailer = PLANS["mailing"][0]
    for login, plan in ((mailer, "mailing"), (PLANS["strict"][0], "strict"), (w.take(), "basic")):
        told = tell(w, "plans", login)["names"][0]
        expect_equal(told["plan"], plan, f"plan of {login}")
        limits = buckets(w, login)["submission"][1]
        expect_equal(set(told["limits"]) - {"to-one"}, set(limits), f"limits of {login}")
    expect_equal(tell(w, "user", "show", mailer)["plan"], "mailing", "user show")


@contextmanager
def in_background(w, config):
    """The guard as a service manager of old runs it, in the place of the usual one and with a state of its own."""
    usual = w.guard
    usual.stop()
    w.guard = BackgroundGuard(w.stage, w.options.builddir, config, socket=usual.socket, name=f"past-{usual.starts}",
                              dns_port=w.zones.port)
    try:
        w.guard.start()
        yield
    finally:
        w.guard.stop()
        w.guard = usual
        usual.start()


def replayed(w):
    """The past by the log: of each message mode observe said what replay says of them all; what went by enforced
    limits would go again.
    """
    late, large = w.take(), w.take()
    scripts = [Mail(sender="www@acme.example", fields=(("X-PHP-Originating-Script", "9:past.php"),)) for _ in range(3)]
    with in_background(w, w.config(w).replace('mode = "enforce";\n', "", 1)):
        for _ in range(7):
            w.mail_of(late)
        for count in (2, 6):
            mail = Mail()
            w.mail_of(large, others(mail, count), mail)
        for mail in scripts:
            w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
            w.line(mail)
        expect_agreement(w, {late: ("default", 0, 2, 0), large: ("default", 1, 0, 0), "9:past.php": ("web", 0, 0, 1)})
    passing, held = w.take(), w.take("kept")
    with in_background(w, w.config(w)):
        use_up(w, passing)
        for _ in range(3):
            w.mail_of(passing, want=451)
        for _ in range(3):
            w.mail_of(held)
        told = expect_agreement(w, {held: ("kept", 0, 0, 1)})
        expect_equal(told["log"]["stopped"], 3, "messages that were stopped then")


def expect_agreement(w, wanted):
    """What replay says of the log so far: user -> (limit, rejected, deferred, held); its lines say the same."""
    log = re.sub(r"(?m)^<\d+>(.{15}) ", r"\1 mx ", w.guard.log())  # as a syslog daemon writes it
    told = tell(w, "replay", w.stage.write("mail.log", log))
    rows = {row["user"]: (row["limit"], row["reject"], row["defer"], row["hold"]) for row in told["rows"]
            if row["reject"] + row["defer"] + row["hold"] > 0}  # the others were only told
    expect_equal(rows, wanted, "replay, by user")
    went = [line for line in w.guard.lines() if line["verdict"] in ("accept", "hold")]
    expect_equal(told["messages"], len(went), "messages that went")
    said = Counter((line["user"], line["would"] or line["verdict"]) for line in went)
    for user, (_, *counts) in wanted.items():
        seen = [said[user, word] for word in ("reject", "defer", "hold")]
        expect_equal(seen, counts, f"what the lines say of {user}")
    return told


CASES = (
    ("egressctl limit set and clear: from the next message on, for a while, and audited", override),
    ("egressctl limit reset: of one login", reset),
    ("egressctl user show: what is used, when it fits, and which line says so", shown),
    ("egressctl top: the nearest, and who sends most", nearest),
    ("egressctl plans: whom a plan is for", which_plan),
    ("egressctl replay: the log says what happened", replayed),
)


def add_to(group):
    for title, function in CASES:
        group.case(title)(function)
