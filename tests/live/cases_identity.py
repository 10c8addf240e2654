"""Who may send as whom, row by row through a mail server: the table that is played in process, too.

A row is a message: its reply, its log line, whether it arrives, is held or neither, and whether it is signed.
"""

import time

from stage.base import Failure, wait_until
from stage.client import Client
from stage.rows import ABOUT_IDENTITY, Table
from stage.suite import expect, expect_equal
from stage.world import ACME, DOMAINS, PASSWORD, World

SIGNERS = {"acme.example": ACME, "beta.example": ["beta.example/s1"],
           "xn--bcher-kva.example": ["xn--bcher-kva.example/s2026a", "xn--bcher-kva.example/e2026a"]}
CODES = {"accept": 250, "hold": 250, "defer": 451, "reject": 550}
TABLE = Table()


def site_text(world, name):
    text = TABLE.sites[name].replace("${DIR}", world.stage.path("identity"))
    return text + DOMAINS.format(keys=world.stage.path("keys"))


class IdentityWorld(World):
    def __init__(self, options, name, mta, **words):
        super().__init__(options, name, mta, self._first, **words)

    def _first(self, world):
        for name, text in TABLE.files.items():
            self.stage.write(f"identity/{name}", text)
        return site_text(world, TABLE.blocks[0][0])


def play_block(w, site, rows, speak):
    """All rows of a site; `speak(row, message)` hands one to the mail server and returns its reply or None."""
    w.guard.configure(site_text(w, site))
    w.guard.reload()
    skipped = [row.number for row in rows if row.mark(w.mta.kind) == "skip"]
    rows = [row for row in rows if row.number not in skipped]
    begin = time.monotonic()
    for row in rows:
        row.reply = speak(row, row.message(f"r{w.guard.child.pid}x{row.number}"))
    spoken = time.monotonic() - begin
    faults = []
    for row in rows:
        try:
            judge(w, row)
        except Failure as failure:
            faults.append(f"line {row.number}: {row.text}\n      {failure}")
    print(f"{len(rows)} rows of site {site}, {len(skipped)} cannot be asked: {spoken:.1f} s to send, {time.monotonic() - begin - spoken:.1f} s to "
          "judge", flush=True)
    expect(not faults, lambda: f"{len(faults)} of {len(rows)} rows:\n" + "\n".join(faults))


def judge(w, row):
    refusal = row.mark(w.mta.kind)
    if refusal and refusal.isdigit():
        expect_equal(str(row.reply.code), refusal, f"the mail server's own word on the envelope sender, {row.reply}")
        return
    if row.reply is not None:
        expect_equal(row.reply.code, CODES[row.verdict], f"reply {row.reply}")
    if row.mail_class == "inbound":
        expect_equal(w.sink.wait(row.recipient).values("DKIM-Signature"), [], "signatures of a stranger's mail")
        expect(not lines_of(w, row), "a line about a stranger")
        return
    row.line = wait_until(lambda: lines_of(w, row), 10, f"the line of {row.token}")[0].check_form()
    expect_equal(row.line["class"], row.mail_class, "class")
    seen = [text for text in (row.line["rules"] or "").split(",") if text.split(":")[0] in ABOUT_IDENTITY]
    expect_equal((row.line["verdict"], seen), (row.verdict, row.findings), "verdict and findings")
    judge_delivery(w, row)


def lines_of(w, row):
    return w.guard.lines_with(row.token)


def judge_delivery(w, row):
    if row.verdict == "accept":
        names = SIGNERS.get(signer_of(row.author_domain()), [])
        message = w.sink.wait(row.recipient)
        verdicts = w.verifiers.python(message.data)
        bad = [str(verdict) for verdict in verdicts if not verdict.good]
        is_requoted = row.mark(w.mta.kind) == "requoted"
        expect(is_requoted == bool(bad), f"the signatures are {'' if bad else 'not '}broken: {'; '.join(bad)}")
        expect_equal(sorted(verdict.name for verdict in verdicts), sorted(names), "signatures")
        return
    w.sink.expect_none(row.recipient)
    if row.verdict == "hold":
        wait_until(lambda: w.mta.is_held(row.line.queue_id), 10, f"{row.line.queue_id} to be held")


def signer_of(domain):
    """The domain of ours that signs for it."""
    domain = domain.encode("idna").decode() if domain else ""
    return next((name for name in SIGNERS if domain == name or domain.endswith("." + name)), None)


def speak_local(w, row, message):
    """sendmail(1); nobody reads a reply there."""
    w.mta.sendmail(message, row.sender, [row.recipient])
    return None


def add_to(group, opened):
    """`opened(w)` is a context that gives `speak`."""
    for name, rows in TABLE.blocks:
        def play(w, name=name, rows=rows):
            with opened(w) as speak:
                play_block(w, name, rows, speak)
        group.case(f"the table, site {name}")(play)


__all__ = ["CODES", "Client", "IdentityWorld", "PASSWORD", "TABLE", "add_to", "speak_local"]
