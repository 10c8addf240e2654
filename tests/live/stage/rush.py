"""Many SMTP clients at once that behave as mail servers with a queue do: what is deferred is sent again.

Every attempt that was not accepted is kept with the time its session began and the time of the refusal, on the
monotonic clock, so that it can be laid beside what was done to the daemon meanwhile.
"""

import random
import threading
import time

from stage.base import PATIENCE, Failure
from stage.client import Client, Refused
from stage.mail import Mail
from stage.postfix import queue_id_of

AGAIN_AFTER = 0.3
LONGEST_PAUSE = 0.08


class Refusal:
    """A message that was not accepted, or a session that broke: `code` 0."""

    def __init__(self, token, opened, code, text):
        self.token = token
        self.opened = opened
        self.ended = time.monotonic()
        self.code = code
        self.text = text

    def __repr__(self):
        return f"{self.token}: {self.text} ({self.ended - self.opened:.2f} s after the session began)"


class Rush:
    """`count` messages, and more until `is_enough()` says so; one session carries up to `per_session`."""

    def __init__(self, port, count, seed, sessions=10, per_session=6, is_enough=lambda: True,
                 make_mail=Mail, open_client=Client):
        self.open_client = open_client  # of a port
        self.port = port
        self.count = count
        self.per_session = per_session
        self.is_enough = is_enough
        self.make_mail = make_mail
        self.lock = threading.Lock()
        self.made = 0
        self.again = []     # (not before, mail)
        self.accepted = {}  # token: (mail, queue id)
        self.refusals = []
        self.slowest = 0.0  # of what was accepted: greeting, or a transaction without our own pauses
        self.error = None
        self.threads = [threading.Thread(target=self._work, args=(random.Random(f"{seed}-{number}"),), daemon=True)
                        for number in range(sessions)]

    def progress(self):
        return len(self.accepted) / self.count

    def run(self, seconds):
        """Until every message is accepted; Failure after the deadline, or when one is refused for good."""
        end = time.monotonic() + seconds * PATIENCE
        for thread in self.threads:
            thread.start()
        for thread in self.threads:
            thread.join(max(0.1, end - time.monotonic()))
        if self.error:
            raise self.error
        if any(thread.is_alive() for thread in self.threads):
            self.error = Failure("too late")
            raise Failure(f"{len(self.accepted)} of {self.made} messages were accepted within "
                          f"{seconds * PATIENCE:.0f} s; refusals: {self.refusals[-5:]}")
        return self

    def _next(self):
        """A mail, None for "wait", or False for "that was all"."""
        with self.lock:
            if self.again and self.again[0][0] <= time.monotonic():
                return self.again.pop(0)[1]
            if self.made < self.count or not self.is_enough():
                self.made += 1
                return self.make_mail()
            return None if len(self.accepted) < self.made else False

    def _refused(self, mail, opened, code, text):
        with self.lock:
            self.refusals.append(Refusal(mail.token, opened, code, text))
            self.again.append((time.monotonic() + AGAIN_AFTER, mail))

    def _work(self, rng):
        try:
            mail = self._next()
            while mail is not False and not self.error:
                if mail is None:
                    time.sleep(0.02)
                    mail = self._next()
                else:
                    mail = self._session(mail, rng)
        except Exception as error:  # the main thread raises it
            self.error = error

    def _session(self, mail, rng):
        """One session, beginning with this mail; returns the next one that is to be sent."""
        opened, client = time.monotonic(), None
        try:
            client = self.open_client(self.port)
            self._note_time(time.monotonic() - opened)
            for _ in range(rng.randint(1, self.per_session)):
                reply = self._send(client, mail, rng)
                with self.lock:
                    self.accepted[mail.token] = (mail, queue_id_of(reply))
                mail = self._next()
                if not mail:
                    break
                time.sleep(rng.uniform(0, LONGEST_PAUSE))  # a session between messages is open, too
        except Refused as error:
            if error.reply.code >= 500:
                raise
            self._refused(mail, opened, error.reply.code, error.reply.text)
            mail = self._next()
        except (Failure, OSError) as error:
            self._refused(mail, opened, 0, str(error))
            mail = self._next()
        finally:
            if client:
                client.close()
        return mail

    def _send(self, client, mail, rng):
        begin, pause = time.monotonic(), rng.uniform(0, LONGEST_PAUSE) if rng.random() < 0.3 else 0
        client.mail(mail.sender)
        time.sleep(pause)  # transactions that are caught half way
        client.rcpt(mail.recipient)
        reply = client.data(mail.data)
        self._note_time(time.monotonic() - begin - pause)
        return reply

    def _note_time(self, seconds):
        with self.lock:
            self.slowest = max(self.slowest, seconds)
