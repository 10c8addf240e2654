"""A script of this host that sends many messages through sendmail(1) under names that are not its own."""

from stage.base import find_program, run_tool, wait_until
from stage.suite import expect, expect_equal

FORGED = ["ceo@else.example", "boss@beta.example", "root@nowhere.example", "a.b@gamma.example"]

TEXT = """#!/bin/sh
# {count} messages, each from another of the forged senders
i=0
while [ $i -lt {count} ]; do
    for sender in {senders}; do
        [ $i -lt {count} ] || break
        i=$((i + 1))
        printf 'From: %s\\nTo: <x@away.example>\\nSubject: %s\\nMessage-ID: <{token}-%s@acme.example>\\n\\nhello\\n' \\
            "$sender" "$i" "$i" | {command} -i -f "$sender" "{token}-$i@away.example" || exit 1
    done
done
"""

_runs = []


def run_script(w, count, senders=None):
    """One process for all of them; the token of the run is the last of w.script_runs."""
    token = f"s{w.guard.child.pid}x{len(_runs)}"
    _runs.append(token)
    if w.mta.kind == "postfix":
        command = f"{find_program('sendmail', 'postfix')} -C {w.mta.etc}"
    else:
        command = w.mta.inner_command()
    path = w.stage.write(f"script-{token}", TEXT.format(
        count=count, senders=" ".join(senders or FORGED), token=token, command=command), mode=0o755)
    run_tool([path] if w.mta.kind == "postfix" else w.mta.inside(path), seconds=30 + count // 2)
    w.script_token = token


def expect_all_held(w, count):
    """Each has its one line, is held, and nothing came of it: neither the mail nor a bounce."""
    token = w.script_token
    wait_until(lambda: len(w.guard.lines_with(token)) >= count, 60 + count / 5,
               lambda: f"{count} lines; there are {len(w.guard.lines_with(token))}")
    w.mta.flush()
    lines = w.guard.lines_with(token)
    expect_equal(len(lines), count, "lines")
    expect_equal(len({line["msgid"] for line in lines}), count, "different messages in them")
    for line in lines:
        line.expect(class_="local", verdict="hold", by="sender-not-owned")
    held = w.mta.held()
    missing = [line.queue_id for line in lines if line.queue_id not in held]
    expect(not missing, f"not held: {missing[:5]}")
    bounces = [message for message in w.sink.messages
               if set(message.recipients) & set(FORGED) or (message.sender == "" and token.encode() in message.data)]
    expect_equal(len(bounces), 0, "bounces at the sink")
    arrived = [message for message in w.sink.messages if token in " ".join(message.recipients)]
    expect_equal(len(arrived), 0, "forged mail at the sink")
