"""What a receiver finds at the moment a message arrives: every signature on it judged by what DNS has just then.

Verifying later would ask a later DNS: while keys change that is another question.
"""

import threading

from stage.base import Failure


class Arrivals:
    """Judges each message before the sink says that it has it. `answers`: what was found, by Message-ID."""

    def __init__(self, sink, verifiers):
        self.verifiers = verifiers
        self.lock = threading.Lock()
        self.answers = {}
        sink.look = self._look

    def _look(self, message):
        verdicts = self.verifiers.python(message.data)
        with self.lock:
            self.answers[message.values("Message-ID")[0]] = verdicts

    def of(self, mails):
        """The verdicts of these, which have arrived."""
        with self.lock:
            return [self.answers[mail.message_id] for mail in mails]

    def expect_verified(self, mails):
        """Each has a signature, and each of its signatures was good when it came. How often each key signed."""
        used, bad = {}, []
        for mail, verdicts in zip(mails, self.of(mails)):
            if not verdicts or not all(verdict.good for verdict in verdicts):
                bad.append(f"{mail.message_id}: {', '.join(map(str, verdicts)) or 'no signature'}")
            for verdict in verdicts:
                used[verdict.name] = used.get(verdict.name, 0) + 1
        if bad:
            raise Failure(f"{len(bad)} of {len(mails)} messages did not verify when they came: {bad[:4]}")
        return used
