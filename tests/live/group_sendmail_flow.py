"""Sendmail 8.17 in front: whose mail it is and what it looks like.  The cases of every MTA, and what Sendmail alone does:
write address fields anew behind every filter."""

import cases_flow
from stage.mail import Mail
from stage.suite import Group, expect
from stage.world import World, enforcing


def open_world(options):
    return World(options, "sendmail-flow", "sendmail", enforcing, transport="inet")


group = Group("sendmail-flow", open_world)
cases_flow.add_to(group)

CARBONS = [
    "Joe Q. Public <joe@beta.example>", "\"Joe Q. Public\" <joe@beta.example>", "Joe Public <joe@beta.example>",
    "O'Hara <joe@beta.example>", "Joe [work] <joe@beta.example>", "Joe: work <joe@beta.example>", "joe@beta.example",
    "<joe@beta.example>", "joe@beta.example (Joe Public)", "joe@beta.example(Joe)", "Joe (at work) <joe@beta.example>",
    "a@beta.example, b@beta.example", "a@beta.example,b@beta.example", "a@beta.example , b@beta.example",
    "a@beta.example,, b@beta.example", "< joe@beta.example >", "<joe@beta.example(Joe)>", "Joe<joe@beta.example>",
    "=?utf-8?Q?J=C3=B6?= <joe@beta.example>", "Joe! + Co = 1 <joe@beta.example>", "\"a, b\" <joe@beta.example>",
    "\"a\" b <joe@beta.example>", "a \"b. c\" d <joe@beta.example>", "\"joe public\"@beta.example",
    "A <a@beta.example>, B. C <b@beta.example>", "group: a@beta.example, b@beta.example;",
]


@group.case("address fields that Sendmail writes anew are those that transit-requote tells of, and no others")
def requoted(w):
    missed, false, told = [], [], 0
    for value in CARBONS:
        mail = Mail(fields=[("Cc", value)])
        w.send(mail)
        delivered = w.delivered(mail).values("Cc")
        is_changed = delivered != [value]
        is_told = "transit-requote" in (w.line(mail)["rules"] or "")
        told += is_told
        if is_changed and not is_told:
            missed.append(f"{value!r} became {delivered}")
        elif is_told and not is_changed:
            false.append(value)
    print(f"{told} of {len(CARBONS)} told; not told: {missed}; told for nothing: {false}", flush=True)
    expect(not missed, lambda: "changed and not told:\n" + "\n".join(missed))
    expect(not false, lambda: "told and not changed:\n" + "\n".join(false))
    expect(0 < told < len(CARBONS), "both kinds are among them")
