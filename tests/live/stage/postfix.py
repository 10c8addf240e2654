"""A throw-away Postfix: own configuration, own queue, loopback only, run beside whatever the machine has.

Listeners:
  smtp        port 25's place: everybody may relay (the cases play clients with XCLIENT and source addresses)
  submission  login and STARTTLS, daemon name SUBMISSION
  quiet       as smtp, daemon name QUIET (for the listener role `off`)
  reinject    where a content filter hands mail back, daemon name REINJECT, not filtered again
  second      as smtp, with `second_milter` instead, where one is given
Everything that leaves goes to one next hop.  Needs root, as Postfix does.
"""

import os
import re
import shutil

from stage.base import Failure, StageError, end_pid, find_program, is_alive, run_tool, tail, wait_until
from stage.mounts import show_at
from stage.tls import self_signed

MAIN_CF = """
compatibility_level = 3.6
queue_directory = {spool}
data_directory = {data}
mail_owner = postfix
setgid_group = postdrop
myhostname = {hostname}
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
maillog_file = {log}
maillog_file_prefixes = {directory}
default_database_type = hash
alias_maps =
alias_database =
local_recipient_maps =
relay_domains =
smtp_dns_support_level = disabled
default_transport = smtp:[127.0.0.1]:{next_hop}
relay_transport = smtp:[127.0.0.1]:{next_hop}
smtputf8_enable = yes
message_size_limit = 40000000
smtpd_client_connection_rate_limit = 0
smtpd_recipient_limit = 2000
smtpd_delay_reject = no
smtpd_peername_lookup = no
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 2s
bounce_size_limit = 2000
notify_classes =
milter_default_action = tempfail
milter_connect_timeout = 5s
milter_command_timeout = 30s
milter_content_timeout = 120s
smtpd_milters = {milter}
non_smtpd_milters = {milter}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = may
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
"""

SECOND = "127.0.0.1:{port} inet n - n - - smtpd -o mynetworks=0.0.0.0/0 -o smtpd_milters={milter}\n"

# The stock services, none of them chrooted (the scratch directory has no jail to offer).
MASTER_CF = """
127.0.0.1:{smtp} inet n - n - - smtpd -o mynetworks=0.0.0.0/0 -o syslog_name=postfix/smtp-in
127.0.0.1:{submission} inet n - n - - smtpd -o milter_macro_daemon_name=SUBMISSION
  -o smtpd_sasl_auth_enable=yes -o smtpd_tls_auth_only=yes -o local_header_rewrite_clients=
  -o syslog_name=postfix/submission
127.0.0.1:{quiet} inet n - n - - smtpd -o mynetworks=0.0.0.0/0 -o milter_macro_daemon_name=QUIET
127.0.0.1:{reinject} inet n - n - - smtpd -o mynetworks=127.0.0.0/8 -o milter_macro_daemon_name=REINJECT
  -o content_filter= -o local_header_rewrite_clients= -o syslog_name=postfix/reinject
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """One instance; `milter` is what smtpd_milters gets, e.g. unix:/path or inet:127.0.0.1:9999."""

    kind = "postfix"

    def __init__(self, stage, milter, next_hop, hostname="mx.acme.example", settings=None,
                 name="postfix", second_milter=None):
        self.stage = stage
        self.root = stage.path(name)
        self.etc = os.path.join(self.root, "etc")
        self.spool = os.path.join(self.root, "spool")
        self.log_path = os.path.join(self.root, "log", "maillog")
        self.program = find_program("postfix", "postfix")
        self.ports = {which: stage.ports.take() for which in ("smtp", "submission", "quiet", "reinject")}
        self._write(milter, next_hop, hostname, settings or {}, second_milter)

    def _write(self, milter, next_hop, hostname, settings, second_milter):
        for part in ("etc", "spool", "data", "log"):
            os.makedirs(os.path.join(self.root, part), exist_ok=True)
        run_tool(["chown", "postfix", os.path.join(self.root, "data")])
        certificate, key = self_signed(self.stage, hostname)
        text = MAIN_CF.format(spool=self.spool, data=os.path.join(self.root, "data"), hostname=hostname,
                              log=self.log_path, directory=self.root, next_hop=next_hop, milter=milter,
                              certificate=certificate, key=key)
        for setting, value in settings.items():
            text = re.sub(rf"(?m)^{re.escape(setting)} =.*\n", "", text) + f"{setting} = {value}\n"
        with open(os.path.join(self.etc, "main.cf"), "w", encoding="utf-8") as stream:
            stream.write(text)
        with open(os.path.join(self.etc, "master.cf"), "w", encoding="utf-8") as stream:
            stream.write(MASTER_CF.format(**self.ports))
            if second_milter:
                self.ports["second"] = self.stage.ports.take()
                stream.write(SECOND.format(port=self.ports["second"], milter=second_milter))

    @property
    def smtp(self):
        return self.ports["smtp"]

    @property
    def submission(self):
        return self.ports["submission"]

    def be_the_machines(self):
        """The one that Postfix's tools find by themselves, also for users who may not name another."""
        for entry in os.scandir("/etc/postfix"):
            if entry.is_file() and entry.name not in ("main.cf", "master.cf"):
                shutil.copy(entry.path, self.etc)  # what it needs of the package
        show_at(self.etc, "/etc/postfix")

    def auth_socket(self):
        """Where Dovecot is to listen; the directory exists after this."""
        private = os.path.join(self.spool, "private")
        os.makedirs(private, mode=0o700, exist_ok=True)
        run_tool(["chown", "postfix", private])
        return os.path.join(private, "auth")

    def start(self):
        try:
            self._tool("postfix", "start", seconds=60)
        except StageError as error:
            raise StageError(f"{error}\n{tail(self.log_path)}") from None
        self.stage.on_close(self.stop)
        wait_until(lambda: self._listening(), 20,
                   lambda: f"Postfix to listen\n{tail(self.log_path)}")
        return self

    def _listening(self):
        return self._master_pid() and "starting the Postfix mail system" in self.log()

    def _master_pid(self):
        try:
            with open(os.path.join(self.spool, "pid", "master.pid"), encoding="ascii") as stream:
                return int(stream.read().strip())
        except (OSError, ValueError):
            return None

    def stop(self):
        pid = self._master_pid()
        if pid and is_alive(pid):
            run_tool([self.program, "-c", self.etc, "stop"], check=False)
            if is_alive(pid):
                end_pid(pid)

    def reload(self):
        self._tool("postfix", "reload")

    def _tool(self, name, *words, seconds=30, stdin=b""):
        program = find_program(name, "postfix", extra=(os.path.dirname(self.program),))
        return run_tool([program, "-c", self.etc, *words], seconds=seconds, stdin=stdin)

    def sendmail(self, message, sender, recipients, params=(), check=True):
        """sendmail(1) as cron and web applications use it; lines end in LF there."""
        program = find_program("sendmail", "postfix", extra=(os.path.dirname(self.program),))
        words = [program, "-C", self.etc, "-i", "-f", sender, *params, *recipients]
        return run_tool(words, stdin=message.replace(b"\r\n", b"\n"), check=check)

    def pick_up(self):
        """Makes pickup(8) look at the maildrop queue now, unless it is looking already (postkick then dies of SIGPIPE)."""
        program = find_program("postkick", "postfix", extra=(os.path.dirname(self.program),))
        run_tool([program, "-c", self.etc, "public", "pickup", "W"], check=False)

    def flush(self):
        self._tool("postqueue", "-f")

    def queue(self):
        """postqueue -p as text."""
        return self._tool("postqueue", "-p").stdout.decode()

    def held(self):
        """The queue ids of all that is held."""
        return set(re.findall(r"(?m)^(\w+)!", self.queue()))

    def is_held(self, queue_id):
        return f"{queue_id}!" in self.queue()

    def release(self, queue_id):
        """Lets a held message go, as an administrator does."""
        self._tool("postsuper", "-H", queue_id)
        self.flush()

    def requeue(self, queue_id):
        """postsuper -r: the message goes through cleanup again, under another queue id."""
        self._tool("postsuper", "-r", queue_id)
        self.flush()

    def log(self):
        try:
            with open(self.log_path, encoding="utf-8", errors="replace") as stream:
                return stream.read()
        except OSError:
            return ""

    def wait_log(self, pattern, seconds=10):
        """The first match of a pattern in the mail log."""
        return wait_until(lambda: re.search(pattern, self.log()), seconds,
                          lambda: f"/{pattern}/ in the mail log:\n{tail(self.log_path)}")


def queue_id_of(reply):
    """The queue id in `250 2.0.0 Ok: queued as ID` (Postfix) or `250 2.0.0 ID Message accepted` (Sendmail)."""
    found = re.search(r"queued as (\w+)", reply.text) or re.search(r"2\.0\.0 (\w+) Message", reply.text)
    if not found:
        raise Failure(f"no queue id in: {reply.text}")
    return found.group(1)


__all__ = ["Postfix", "StageError", "queue_id_of"]
