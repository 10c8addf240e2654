"""A throw-away Sendmail 8.17 beside Postfix.

The Debian packages conflict, so Sendmail's are unpacked and not installed.  It runs in a mount and UTS namespace
of its own: a host name with dots in /etc/hosts (or it sleeps a minute at start), its own /etc with its own
sasldb, and nothing of the machine changed.

Listeners: smtp (name MTA, everybody may relay), submission (login required, STARTTLS offered), quiet (name QUIET),
reinject (name REINJECT, where a content filter hands mail back: an instance of its own, or mail would go round).
sendmail(1) goes the modern way: a submission queue of its own, then SMTP to 127.0.0.1.
"""

import glob
import os
import re
import shutil

from stage.base import Failure, StageError, find_program, is_listening, run_tool, wait_until
from stage.syslog import Syslog
from stage.tls import self_signed

PACKAGES = ("sendmail-bin", "sendmail-base", "sendmail-cf")
CACHE = os.environ.get("EGRESS_SENDMAIL", "/var/tmp/egress-live-sendmail")

# What programs look up; nothing secret of the machine is copied.
ETC_FILES = ("passwd", "group", "nsswitch.conf", "ld.so.cache", "services", "protocols", "localtime")

# Sendmail trusts no file below a world-writable directory such as /tmp: inside, the stage is /mnt.
INSIDE = "/mnt"

ENTER = """#!/bin/sh -e
# Runs a command in the private world; called inside `unshare --mount --uts`.
hostname {hostname}
mount --bind {stage} {inside}
mount --bind {stage}/{name}/etc /etc
{syslog}
exec "$@"
"""

COMMON = """divert(-1)
divert(0)dnl
OSTYPE(`linux')dnl
define(`confDOMAIN_NAME', `{hostname}')dnl
define(`confSERVICE_SWITCH_FILE', `{root}/service.switch')dnl
define(`confHOSTS_FILE', `/etc/hosts')dnl
define(`confTRUSTED_USER', `root')dnl
define(`confTRUSTED_USERS', `root')dnl
define(`confCT_FILE', `-o /etc/mail/trusted-users')dnl
define(`confDONT_PROBE_INTERFACES', `True')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confDELAY_LA', `0')dnl
define(`confMIN_QUEUE_AGE', `0')dnl
define(`confTO_IDENT', `0')dnl
define(`ALIAS_FILE', `text:{root}/aliases')dnl
define(`STATUS_FILE', `')dnl
define(`HELP_FILE', `')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`accept_unresolvable_domains')dnl
"""

SERVER = COMMON + """FEATURE(`promiscuous_relay')dnl
FEATURE(`no_default_msa')dnl
define(`QUEUE_DIR', `{root}/mqueue')dnl
define(`confPID_FILE', `{root}/sendmail.pid')dnl
define(`confMAX_MESSAGE_SIZE', `40000000')dnl
define(`confAUTH_MECHANISMS', `PLAIN LOGIN')dnl
TRUST_AUTH_MECH(`PLAIN LOGIN')dnl
define(`confCACERT_PATH', `{root}/certificates')dnl
define(`confCACERT', `{certificate}')dnl
define(`confSERVER_CERT', `{certificate}')dnl
define(`confSERVER_KEY', `{key}')dnl
define(`confTLS_SRV_OPTIONS', `V')dnl
{routing}dnl
define(`ESMTP_MAILER_ARGS', `TCP $h {next_hop}')dnl
DAEMON_OPTIONS(`Family=inet, Name=MTA, Port={smtp}, Addr=127.0.0.1')dnl
DAEMON_OPTIONS(`Family=inet, Name=SUBMISSION, Port={submission}, Addr=127.0.0.1, M=a')dnl
DAEMON_OPTIONS(`Family=inet, Name=QUIET, Port={quiet}, Addr=127.0.0.1')dnl
DAEMON_OPTIONS(`Family=inet, Name=REINJECT, Port={reinject}, Addr=127.0.0.1')dnl
INPUT_MAIL_FILTER(`egress', `S={milter}, F=T, T=C:5s;S:30s;R:30s;E:2m')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""

SUBMIT = COMMON + """define(`MSP_QUEUE_DIR', `{root}/clientmqueue')dnl
define(`confPID_FILE', `{root}/sm-client.pid')dnl
define(`confRUN_AS_USER', `daemon')dnl
define(`RELAY_MAILER_ARGS', `TCP $h {smtp}')dnl
FEATURE(`msp', `[127.0.0.1]')dnl
"""


def unpack(cache=CACHE):
    """The directory the packages were unpacked to; fetched with apt-get once and kept in the cache."""
    root = os.path.join(cache, "root")
    if os.path.exists(os.path.join(root, "usr/libexec/sendmail/sendmail")):
        return root
    os.makedirs(cache, exist_ok=True)
    fresh = f"{cache}/new.{os.getpid()}"
    shutil.rmtree(fresh, ignore_errors=True)
    os.makedirs(fresh)
    try:
        done = run_tool(["sh", "-c", f"cd {fresh} && apt-get -q -o Acquire::Retries=4 download {' '.join(PACKAGES)}"],
                        check=False, seconds=120)
        packages = glob.glob(f"{fresh}/*.deb")
        if len(packages) != len(PACKAGES):
            raise StageError("the Sendmail packages cannot be fetched: apt-get download "
                             f"{' '.join(PACKAGES)}: {done.stderr.decode(errors='replace')}")
        for package in packages:
            run_tool(["dpkg", "-x", package, f"{fresh}/root"])
        if not os.path.exists(root):
            os.rename(f"{fresh}/root", root)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return root


class Sendmail:
    """One instance; `milter` is the S= of INPUT_MAIL_FILTER, e.g. local:/path or inet:9999@127.0.0.1.

    All mail goes to a smart host, 127.0.0.1; or, with `nameserver`, to where that address (port 53) says, but for `routes`:
    domain -> mailer and host of a mailertable.
    """

    kind = "sendmail"

    def __init__(self, stage, milter, next_hop, hostname="mx.acme.example", logins=None, name="sendmail",
                 nameserver=None, routes=None):
        self.stage = stage
        self.name = name
        self.root = stage.path(name)
        self.hostname = hostname
        self.package_root = unpack()
        self.program = os.path.join(self.package_root, "usr/libexec/sendmail/sendmail")
        self.ports = {which: stage.ports.take() for which in ("smtp", "submission", "quiet", "reinject")}
        self.child = None
        self.syslog = Syslog(stage, f"{name}-syslog")
        for part in ("mqueue", "clientmqueue", "etc/sasl2", "etc/mail", "certificates"):
            os.makedirs(os.path.join(self.root, part), mode=0o755)
        for part in ("mqueue", "clientmqueue"):
            os.chmod(os.path.join(self.root, part), 0o770)
        run_tool(["chown", "daemon:daemon", os.path.join(self.root, "clientmqueue")])
        self._private_etc(logins or {}, nameserver)
        certificate, key = self_signed(stage, hostname)
        os.chmod(key, 0o600)
        values = dict(self.ports, root=self._inner(self.root), hostname=hostname, next_hop=next_hop,
                      milter=self._inner(milter), certificate=self._inner(certificate),
                      key=self._inner(key), routing=self._routing(nameserver, routes))
        stage.write(f"{name}/service.switch", f"hosts {'dns ' if nameserver else ''}files\naliases files\n")
        stage.write(f"{name}/aliases", "")
        self.cf = self._configure("sendmail", SERVER, values)
        self.submit_cf = self._configure("submit", SUBMIT, values)

    def _inner(self, path):
        return path.replace(self.stage.directory, INSIDE)

    def _routing(self, nameserver, routes):
        if not nameserver:
            return "define(`SMART_HOST', `esmtp:[127.0.0.1]')"
        self.stage.write(f"{self.name}/mailertable",
                         "".join(f"{domain} {route}\n" for domain, route in (routes or {}).items()), mode=0o644)
        return f"FEATURE(`mailertable', `text -v1 {self._inner(self.root)}/mailertable')"

    def _private_etc(self, logins, nameserver):
        for name in ETC_FILES:
            if os.path.exists(f"/etc/{name}"):
                shutil.copy(f"/etc/{name}", f"{self.root}/etc/{name}")
        write = self.stage.write
        write(f"{self.name}/etc/hosts",
              f"127.0.0.1 localhost {self.hostname} {self.hostname.split('.')[0]}\n")
        write(f"{self.name}/etc/resolv.conf", f"nameserver {nameserver}\n" if nameserver else "")
        write(f"{self.name}/etc/mail/trusted-users", "root\n")
        write(f"{self.name}/etc/sasl2/Sendmail.conf",
              "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: PLAIN LOGIN\n")
        tool = find_program("saslpasswd2", "sasl2-bin")
        for login, password in logins.items():
            user, _, realm = login.partition("@")
            run_tool([tool, "-c", "-p", "-f", f"{self.root}/etc/sasldb2", "-u", realm or self.hostname, user],
                     stdin=password.encode())
        self.enter = write(f"{self.name}/enter", ENTER.format(
            hostname=self.hostname, stage=self.stage.directory, inside=INSIDE, name=self.name,
            syslog=self.syslog.world_script()), mode=0o755)

    def _configure(self, name, template, values):
        source = self.stage.write(f"{self.name}/{name}.mc", template.format(**values))
        cf = os.path.join(self.package_root, "usr/share/sendmail/cf")
        done = run_tool([find_program("m4", "m4"), f"-D_CF_DIR_={cf}/", f"{cf}/m4/cf.m4", source])
        return self.stage.write(f"{self.name}/{name}.cf", done.stdout, mode=0o644)

    def _inside(self, *words):
        return [find_program("unshare", "util-linux"), "--mount", "--uts", self.enter, *words]

    @property
    def smtp(self):
        return self.ports["smtp"]

    @property
    def submission(self):
        return self.ports["submission"]

    def start(self):
        self.child = self.stage.start(
            self.name, self._inside(self.program, "-bD", "-C", self._inner(self.cf), "-q2s", "-O", "LogLevel=9",
                                    *self._traffic()))
        self.child.wait_for(lambda: all(is_listening(port) for port in self.ports.values()), 30,
                            "its ports")
        return self

    def _traffic(self):
        """EGRESS_LIVE_TRAFFIC=1 records every SMTP line of both sides."""
        return ["-X", f"{self._inner(self.root)}/traffic"] if os.environ.get("EGRESS_LIVE_TRAFFIC") else []

    def stop(self):
        if self.child:
            self.child.stop()

    def run(self, *words, stdin=b"", check=True, cf=None, seconds=30):
        """sendmail with the server's configuration and the given options."""
        return run_tool(self._inside(self.program, "-C", self._inner(cf or self.cf), *words), stdin=stdin,
                        check=check, seconds=seconds)

    def sendmail(self, message, sender, recipients, params=(), check=True):
        """sendmail(1): into the submission queue, from there over SMTP."""
        return self.run("-Ac", "-i", "-f", sender, *params, *recipients, cf=self.submit_cf,
                        stdin=message.replace(b"\r\n", b"\n"), check=check)

    def inside(self, *words):
        """The command line that runs these words where this Sendmail is."""
        return self._inside(*words)

    def inner_command(self):
        """sendmail(1) as a program inside calls it, without its options."""
        return f"{self.program} -C {self._inner(self.submit_cf)} -Ac"

    def submission_queue(self):
        """The files of messages that wait to be handed to the server."""
        return os.listdir(os.path.join(self.root, "clientmqueue"))

    def flush(self):
        """Runs both queues once."""
        self.run("-Ac", "-q", cf=self.submit_cf, check=False)
        self.run("-q", check=False)

    def _queued(self, prefix, queue_id):
        return os.path.exists(os.path.join(self.root, "mqueue", prefix + queue_id))

    def held(self):
        """The queue ids of all that is quarantined."""
        return {name[2:] for name in os.listdir(os.path.join(self.root, "mqueue")) if name.startswith("hf")}

    def is_held(self, queue_id):
        """Quarantined: its queue file is called hf instead of qf."""
        return self._queued("hf", queue_id)

    def release(self, queue_id):
        """Lets a quarantined message go."""
        self.run("-qQ", f"-qI{queue_id}", "-Q")
        wait_until(lambda: not self.is_held(queue_id), 10, f"{queue_id} to leave the quarantine")
        self.flush()

    def held_reason(self, queue_id):
        with open(os.path.join(self.root, "mqueue", "hf" + queue_id), encoding="utf-8",
                  errors="replace") as stream:
            found = re.search(r"(?m)^q(.*)$", stream.read())
        if not found:
            raise Failure(f"no reason in hf{queue_id}")
        return found.group(1)

    def log(self):
        return self.syslog.text()
