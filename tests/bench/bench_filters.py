"""The filters that are compared: how each is configured, started on a private socket, and ended by its pid.

A filter that is not installed is None here and said aloud as skipped by the caller; one that does not start, or does
not sign what it should, ends the run.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time

DOMAIN = "example.org"
RSA_SELECTOR = "s2026a"
ED25519_SELECTOR = "e2026a"


class BenchError(Exception):
    """The run cannot go on; the text says why."""


class Workplace:
    """A temporary directory with the keys, and every process started in it."""

    def __init__(self, directory):
        self.directory = directory
        self.filters = []
        os.chmod(directory, 0o755)
        self.rsa_key = self.path("rsa.pem")
        self.ed25519_key = self.path("ed25519.pem")
        openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", self.rsa_key)
        openssl("genpkey", "-algorithm", "ED25519", "-out", self.ed25519_key)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def folder(self, name, user=None):
        """A new folder, with copies of the keys, all of it owned by `user` when we are root."""
        folder = self.path(name)
        os.makedirs(folder, mode=0o755)
        for key in (self.rsa_key, self.ed25519_key):
            shutil.copy(key, folder)
            os.chmod(os.path.join(folder, os.path.basename(key)), 0o600)
        if user and os.geteuid() == 0:
            account = pwd.getpwnam(user)
            for name_in_folder in [""] + os.listdir(folder):
                os.chown(os.path.join(folder, name_in_folder), account.pw_uid, account.pw_gid)
        return folder

    def stop_all(self):
        """All at once: some libmilter filters need five seconds to notice."""
        for running in self.filters:
            if running.process.poll() is None:
                running.process.send_signal(signal.SIGTERM)
        for running in self.filters:
            running.stop()


class Filter:
    """One running filter: where it listens, what it is expected to do to a message."""

    def __init__(self, workplace, name, command, path, signatures):
        self.name = name
        self.signatures = signatures
        self.socket = "unix:" + path
        self.log = workplace.path(name + ".log")
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        workplace.filters.append(self)
        self.wait_for(path)

    @property
    def pid(self):
        return self.process.pid

    def wait_for(self, path, seconds=60):
        """Until the socket takes a connection."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise BenchError(f"{self.name} ended with {self.process.returncode}: {self.last_words()}")
            with socket.socket(socket.AF_UNIX) as probe:
                if probe.connect_ex(path) == 0:
                    return
            time.sleep(0.02)
        raise BenchError(f"{self.name} did not open {path} within {seconds} s: {self.last_words()}")

    def last_words(self):
        with open(self.log, "rb") as log:
            return log.read()[-600:].decode("utf-8", "replace").strip()

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)  # its own session: nobody else's processes
            self.process.wait()


def openssl(*arguments):
    done = subprocess.run(["openssl", *arguments], capture_output=True, check=False)
    if done.returncode:
        raise BenchError("openssl: " + done.stderr.decode("utf-8", "replace").strip())


def write(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def find_program(name, *places):
    return shutil.which(name, path=os.pathsep.join(places + ("/usr/sbin", "/usr/bin")))


# --- ours ------------------------------------------------------------------

EGRESS_CONF = """\
socket = "unix:{folder}/milter.sock";
socket_mode = "0666";
mode = "enforce";
user = "{user}";
control = {{ socket = "{folder}/control.sock"; }};
state = {{ directory = "{folder}/state"; }};
domains = ( {{ name = "{domain}"; keys = ( {keys} ); }} );
signing = {{ canonicalization = "{forms}"; }};
ceilings = {{ connections = 10000; }};
"""


def start_egress(workplace, program, name, forms, keys):
    """`keys`: "rsa" or "rsa,ed25519"; one signature for each."""
    user = "nobody"
    folder = workplace.folder(name, user)
    rows = [f'{{ selector = "{RSA_SELECTOR}"; file = "{folder}/rsa.pem"; }}']
    if "ed25519" in keys:
        rows.append(f'{{ selector = "{ED25519_SELECTOR}"; file = "{folder}/ed25519.pem"; }}')
    configuration = write(
        os.path.join(folder, "egress-milter.conf"),
        EGRESS_CONF.format(folder=folder, user=user, domain=DOMAIN, keys=", ".join(rows), forms=forms),
    )
    return Filter(workplace, name, [program, "-f", "-c", configuration], folder + "/milter.sock", len(rows))


# --- the null filter -------------------------------------------------------


def start_floor(workplace, program, name, negotiated, burn_us=0):
    """`negotiated`: arguments of floor that repeat what our filter negotiates."""
    path = workplace.path(name + ".sock")
    command = [program, "filter", "--socket", "unix:" + path, *negotiated]
    if burn_us:
        command += ["--burn-us", f"{burn_us:.1f}"]
    return Filter(workplace, name, command, path, 0)


# --- opendkim --------------------------------------------------------------

OPENDKIM_CONF = """\
Mode s
Socket local:{folder}/milter.sock
Background no
AutoRestart no
UMask 000
Syslog yes
SyslogSuccess yes
RequireSafeKeys no
Canonicalization {forms}
KeyTable file:{folder}/KeyTable
SigningTable file:{folder}/SigningTable
SignatureAlgorithm rsa-sha256
OversignHeaders From
"""


def start_opendkim(workplace, name, forms):
    """Debian's sample settings with a KeyTable of one RSA key: one signature. None: not installed."""
    program = find_program("opendkim")
    if not program:
        return None
    folder = workplace.folder(name)
    record = f"{RSA_SELECTOR}._domainkey.{DOMAIN}"
    write(os.path.join(folder, "KeyTable"), f"{record} {DOMAIN}:{RSA_SELECTOR}:{folder}/rsa.pem\n")
    write(os.path.join(folder, "SigningTable"), f"{DOMAIN} {record}\n")
    configuration = write(
        os.path.join(folder, "opendkim.conf"), OPENDKIM_CONF.format(folder=folder, forms=forms)
    )
    return Filter(workplace, name, [program, "-f", "-x", configuration], folder + "/milter.sock", 1)


# --- rspamd ----------------------------------------------------------------

# Signing only: no Lua rules, no module but dkim_signing, no DNS server that answers, one worker that scans by itself.
# A short list of top-level domains spares it compiling the long one for a quarter of a minute.
RSPAMD_CONF = """\
options {{
  pidfile = "{folder}/rspamd.pid";
  filters = "dkim";
  control_socket = "{folder}/control.sock mode=0600";
  cache_file = "{folder}/symbols.cache";
  history_file = "{folder}/history";
  history_rows = 1;
  stats_file = "{folder}/stats.ucl";
  hs_cache_dir = "{folder}/";
  tempdir = "{folder}";
  url_tld = "{folder}/tld.dat";
  dns {{ nameserver = ["127.0.0.1:9199"]; timeout = 1s; retransmits = 1; }}
}}
logging {{ type = "file"; filename = "{folder}/rspamd.log"; level = "notice"; }}
worker "rspamd_proxy" {{
  bind_socket = "{folder}/milter.sock mode=0666";
  milter = yes;
  timeout = 120s;
  count = 1;
  upstream "local" {{ default = yes; self_scan = yes; }}
}}
lua = "{folder}/empty.lua";
actions {{ reject = 150; add_header = 60; greylist = 40; }}
modules {{ path = "/usr/share/rspamd/plugins/dkim_signing.lua"; }}
dkim {{ }}
dkim_signing {{
  enabled = true;
  sign_authenticated = true;
  allow_username_mismatch = true;
  allow_hdrfrom_mismatch = true;
  use_domain = "header";
  use_esld = false;
  try_fallback = false;
  check_pubkey = false;
  domain {{ {domain} {{ selectors [ {{ path = "{folder}/rsa.pem"; selector = "{selector}"; }} ] }} }}
}}
"""


def start_rspamd(workplace, name):
    """Signs relaxed/relaxed, it has no other form. None: not installed."""
    program = find_program("rspamd")
    if not program:
        return None
    folder = workplace.folder(name, "_rspamd")
    write(os.path.join(folder, "empty.lua"), "return true\n")
    write(os.path.join(folder, "tld.dat"), "com\nnet\norg\n")
    configuration = write(
        os.path.join(folder, "rspamd.conf"),
        RSPAMD_CONF.format(folder=folder, domain=DOMAIN, selector=RSA_SELECTOR),
    )
    command = [program, "-f", "-c", configuration]
    if os.geteuid() == 0:
        command += ["-u", "_rspamd", "-g", "_rspamd"]
    return Filter(workplace, name, command, folder + "/milter.sock", 1)
