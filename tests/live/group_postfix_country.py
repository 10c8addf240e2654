"""In which country a client is, by a database, through Postfix 3.7.

The database decides, so the addresses of this machine are in countries here.
"""

import json
import os
import re
import sys

from stage.base import wait_until
from stage.client import Client
from stage.faketime import JumpingClock
from stage.mail import Mail
from stage.suite import Group, expect, expect_equal
from stage.world import LOGIN, PASSWORD, World, enforcing

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir, "support"))
import countries  # pylint: disable=wrong-import-position

OFFICE = "127.0.0.2"
ELSEWHERE = "127.0.0.3"
THIRD = "127.0.0.4"
NOWHERE = "127.0.0.5"
HOME = "198.51.100.7"  # by XCLIENT: what is on loopback has no network
ABROAD = "203.0.113.7"
HOUR = 3600
RIPE_HOURS = 13  # of mail, until somebody is known
SEEN_S = 20  # files are looked at every two seconds


def database(world, third="FR"):
    """In place of what is there."""
    path = world.stage.path("countries.mmdb")
    countries.write(path, [(OFFICE, "DE"), (ELSEWHERE, "BR"), (THIRD, third), (HOME, "DE"), (ABROAD, "PT")])
    os.chmod(path, 0o644)
    return path


def config(world):
    return enforcing(world, f'behaviour = {{ country_database = "{database(world)}"; }};\n')


group = Group("postfix-country", lambda options: World(options, "postfix-country", "postfix", config))


def submit(w, source):
    mail = Mail()
    with Client(w.mta.submission, source=source) as client:
        client.starttls()
        client.login(LOGIN, PASSWORD)
        client.send(mail.sender, mail.recipient, mail.data)
    w.line(mail).expect(verdict="accept", class_="submission", client=source)


def submit_from(w, address, recipients):
    """As a client from elsewhere; a body without words is no text that many get."""
    mail = Mail(body=b"\r\n")
    with Client(w.mta.submission) as client:
        client.starttls()
        client.xclient(f"ADDR={address} NAME=[UNAVAILABLE] LOGIN={LOGIN}")
        client.mail(mail.sender)
        for recipient in recipients:
            client.rcpt(recipient)
        client.data(mail.data)
    w.line(mail).expect(verdict="accept", class_="submission", client=address)


def shown(w):
    told = json.loads(w.guard.ctl_run("--json", "user", "show", LOGIN).stdout)
    bucket = next(one for one in told["buckets"] if one["class"] == "submission")
    return bucket["behaviour"]["countries"]


def times_taken(w):
    return len(re.findall(r"reload: generation \d+ in force", w.guard.log()))


@group.case("mail of two countries and of none: user show names the two")
def names_them(w):
    submit(w, OFFICE)
    expect_equal(shown(w), ["DE"], "countries")
    submit(w, NOWHERE)
    expect_equal(shown(w), ["DE"], "countries, after mail from nowhere")
    submit(w, ELSEWHERE)
    expect_equal(shown(w), ["DE", "BR"], "countries")
    text = w.guard.ctl_run("user", "show", LOGIN).stdout.decode()
    expect("    countries: DE, BR\n" in text, f"told: {text}")


@group.case("a new database is taken by itself; one that is cut is refused, named, and the old one stays")
def replaced(w):
    taken = times_taken(w)
    path = database(w, third="NL")
    wait_until(lambda: times_taken(w) > taken, SEEN_S, "the new database to be taken")
    submit(w, THIRD)
    expect_equal(shown(w), ["DE", "BR", "NL"], "countries")

    os.truncate(path, os.path.getsize(path) // 2)
    wait_until(lambda: f"behaviour.country_database: {path}" in w.guard.log(), SEEN_S, "the cut one to be refused")
    done = w.guard.check()
    expect(done.returncode == 78 and f"behaviour.country_database: {path} is no database" in done.stderr.decode(),
           f"check ended {done.returncode}: {done.stderr}")
    submit(w, ELSEWHERE)

    taken = times_taken(w)
    database(w)
    wait_until(lambda: times_taken(w) > taken, SEEN_S, "the mended one to be taken")


@group.case("who is known at one place and writes to strangers from another country: the reason names it")
def strange(w):
    """In some seconds: hours with mail are counted by the wall clock."""
    clock = JumpingClock(w.stage)
    w.guard.stop()
    w.guard.start(env=clock.env)
    friends = [f"friend-{Mail().token}@away.example" for _ in range(3)]
    for hour in range(RIPE_HOURS):
        clock.jump(hour * HOUR)
        submit_from(w, HOME, friends)
    submit_from(w, ABROAD, [f"{count}-{Mail().token}@away.example" for count in range(60)])
    reason = "recipients written to with country PT, network not seen before"
    expect(any("notice anomaly: " in line and reason in line for line in w.guard.log().splitlines()),
           lambda: f"no warning names it: {w.guard.log()[-2000:]}")
    history = json.loads(w.guard.ctl_run("--json", "user", "history", LOGIN).stdout)["history"]
    expect(any(reason in one["text"] for one in history), f"history: {history}")
    w.guard.stop()
    w.guard.start()
