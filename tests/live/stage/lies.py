"""The ways in which a name server can be wrong: functions of a question and of the honest answer to it.

Each returns the bytes to send, or None for silence; liar.py tells what the names mean.
"""

from stage import dnswire as wire

# As long as fits into a message.
HUGE = "v=spf1 " + " ".join(f"ip4:192.0.2.{i % 256}" for i in range(4150)) + " -all"
FORGED = "v=spf1 +all"
INCLUDES = 500


def _one(question, kind, text, **how):
    return wire.answer(question, [wire.record(question.name, kind, text, 60)], **how)


def _txt(question, text):
    """Names have no other records."""
    return _one(question, wire.TXT, text) if question.kind == wire.TXT else wire.answer(question)


def wrong_id(question, _honest, _is_tcp):
    return _one(question, wire.TXT, FORGED, number=question.number ^ 0x5555)


def other_name(question, _honest, _is_tcp):
    other = "other." + question.name
    return wire.answer(question, [wire.record(other, wire.TXT, FORGED, 60)], asked=wire.name(other) + question.raw[-4:])


def truncated(question, honest, is_tcp):
    return honest if is_tcp else wire.answer(question, truncated=True)


def cut(question, _honest, _is_tcp):
    return wire.answer(question, truncated=True)


def huge(question, _honest, is_tcp):
    return _txt(question, HUGE) if is_tcp else wire.answer(question, truncated=True)


def loop(question, _honest, _is_tcp):
    name = question.name
    return _one(question, wire.CNAME, name[2:] if name.startswith("o.") else "o." + name)


def chain(question, _honest, _is_tcp):
    head, _, rest = question.name.partition(".")
    number = int(head[1:]) if head[:1] == "c" and head[1:].isdigit() else None
    return _one(question, wire.CNAME, f"c1.{question.name}" if number is None else f"c{number + 1}.{rest}")


def includes(question, _honest, _is_tcp):
    return _txt(question, "v=spf1 " + " ".join(f"include:i{i}.{question.name}" for i in range(INCLUDES)) + " -all")


def nested(question, _honest, _is_tcp):
    return _txt(question, f"v=spf1 include:n.{question.name} -all" if len(question.name) < 200 else FORGED)


def servfail(question, _honest, _is_tcp):
    return wire.answer(question, code=wire.SERVFAIL)


def refused(question, _honest, _is_tcp):
    return wire.answer(question, code=wire.REFUSED)


LIES = {
    "honest": lambda question, honest, is_tcp: honest,
    "slow": lambda question, honest, is_tcp: honest,
    "dead": lambda question, honest, is_tcp: None,
    "wrong-id": wrong_id,
    "other-name": other_name,
    "truncated": truncated,
    "partial": truncated,
    "cut": cut,
    "huge": huge,
    "loop": loop,
    "chain": chain,
    "includes": includes,
    "nested": nested,
    "servfail": servfail,
    "refused": refused,
    "garbage": lambda question, honest, is_tcp: bytes(range(1, 256)),
    "short": lambda question, honest, is_tcp: question.number.to_bytes(2, "big") + b"\x85\x80\0",
    "empty": lambda question, honest, is_tcp: b"",
}
