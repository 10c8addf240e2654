"""SQLite, PostgreSQL, MariaDB and slapd in scratch directories, each run by nobody, with the same table of owners.

Each has `server` and `map_lines`, the lines of a query file of contrib/socketmap-sql; kill() ends it as a crash
would, start() starts it again; `pid` is None where there is no process.
"""

import base64
import glob
import os
import signal
import sqlite3
import threading

from stage.base import Failure, StageError, find_program, is_listening, run_tool, wait_until
from stage.process import children_of, state_of

USER, GROUP = "nobody", "nogroup"
AS_USER = ["setpriv", f"--reuid={USER}", f"--regid={GROUP}", "--clear-groups"]
PASSWORD = "s3cret' \"%s"

# Address and login; two rows of one address are two owners.
ROWS = [("alice@example.org", "alice"), ("team@example.org", "bob"), ("team@example.org", "carol"),
        ("o'neil@example.org", "o'neil"), ("100%@example.org", "percent"), ("back\\slash@example.org", "backslash"),
        ("(a)*@example.org", "star"), ("list@example.org", "dave, erin"), ("jos\u00e9@example.org", "jos\u00e9"),
        ("@example.net", "frank")]


def quoted(text):
    """As a literal of standard SQL."""
    return "'" + text.replace("'", "''") + "'"


def sql_of_rows(backslashes="\\"):
    """Makes the table and fills it; MariaDB wants two backslashes in a literal."""
    rows = ", ".join(f"({quoted(address)}, {quoted(login)})" for address, login in ROWS)
    return ("CREATE TABLE owners (address VARCHAR(300), login VARCHAR(300));\n"
            f"INSERT INTO owners VALUES {rows}, ('null@example.org', NULL), ('', 'nobody');\n"
            ).replace("\\", backslashes)


class Sqlite:
    """A file."""

    name, pid = "sqlite", None
    map_lines = "query = SELECT login FROM owners WHERE address = :key ORDER BY rowid\n"

    def __init__(self, stage):
        self.path = stage.path("sqlite", "users.db")
        os.makedirs(os.path.dirname(self.path))
        self.fill(self.path)
        self.server = f"database = sqlite:{self.path}\n"

    @staticmethod
    def fill(path, extra=""):
        with sqlite3.connect(path) as connection:
            connection.executescript(sql_of_rows() + extra)
        connection.close()
        os.chmod(path, 0o644)

    def kill(self):
        os.rename(self.path, self.path + ".away")

    def start(self):
        os.rename(self.path + ".away", self.path)


class Process:
    """What the other three share: a child that can be killed and started again."""

    child = None

    def __init__(self, stage):
        self.stage = stage
        self.directory = stage.path(self.name)
        self.port = stage.ports.take()
        os.makedirs(self.directory)
        self.password_file = stage.write(f"{self.name}/password", PASSWORD + "\n", 0o640)
        self.prepare()
        stage.own(self.directory, USER, GROUP)
        self.install()
        self.start()
        self.fill()

    def prepare(self):
        """As root, before the directory is the user's."""

    def install(self):
        """As the user, before the first start."""

    def fill(self):
        """Once it runs."""

    @property
    def pid(self):
        return self.child.pid

    def start(self):
        self.child = self.stage.start(self.name, [*AS_USER, *self.argv()], cwd=self.directory,
                                      stop_signal=signal.SIGQUIT if self.name == "postgresql" else signal.SIGTERM)
        self.child.wait_for(self.is_ready, 30, f"answers at port {self.port}")

    def is_ready(self):
        return is_listening(self.port)

    def kill(self):
        self.child.kill(signal.SIGKILL)
        self.child.wait(10)

    def processes(self):
        """All that stand still when the database does: PostgreSQL has one for each connection."""
        return [self.pid, *children_of(self.pid)]

    def pause(self):
        self.paused = self.processes()
        for pid in self.paused:
            os.kill(pid, signal.SIGSTOP)
        wait_until(lambda: all(state_of(pid) == "T" for pid in self.paused), 10, f"{self.name} standing still")

    def resume(self):
        for pid in self.paused:
            os.kill(pid, signal.SIGCONT)


class Postgresql(Process):
    name = "postgresql"
    map_lines = "query = SELECT login FROM owners WHERE address = :key AND address LIKE '%@%' ORDER BY ctid\n"

    @property
    def server(self):
        return (f"database = postgresql://reader@127.0.0.1:{self.port}/postgres\n"
                f"password_file = {self.password_file}\n")

    def program(self, name):
        found = sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"))
        return found[-1] if found else find_program(name, "postgresql")

    def install(self):
        run_tool([*AS_USER, self.program("initdb"), "-D", f"{self.directory}/data", "-U", "postgres", "-E", "UTF8",
                  "--locale=C.UTF-8", "--auth-local=trust", "--auth-host=scram-sha-256", "--no-sync"], 60)

    def argv(self):
        return [self.program("postgres"), "-D", f"{self.directory}/data", "-p", self.port, "-k", self.directory,
                "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=16MB"]

    def is_ready(self):
        """It listens before it lets anybody in."""
        return run_tool([self.program("pg_isready"), "-q", "-h", self.directory, "-p", self.port],
                        check=False).returncode == 0

    def fill(self):
        run_tool([*AS_USER, self.program("psql"), "-h", self.directory, "-p", self.port, "-U", "postgres", "-q",
                  "-v", "ON_ERROR_STOP=1"],
                 stdin=(sql_of_rows() + f"CREATE USER reader PASSWORD {quoted(PASSWORD)};\n"
                        "GRANT SELECT ON owners TO reader;\n").encode())


class Mariadb(Process):
    name = "mariadb"
    map_lines = ("query = SELECT login FROM owners\n"
                 "  WHERE address = :key COLLATE utf8mb4_bin AND address LIKE '%@%' ORDER BY login\n")

    @property
    def server(self):
        return f"database = mysql://reader@127.0.0.1:{self.port}/mail\npassword_file = {self.password_file}\n"

    def install(self):
        run_tool([*AS_USER, find_program("mariadb-install-db", "mariadb-server"), "--no-defaults",
                  f"--datadir={self.directory}/data", "--auth-root-authentication-method=normal", "--skip-test-db",
                  "--innodb-log-file-size=4M"], 90)

    def argv(self):
        return [find_program("mariadbd", "mariadb-server"), "--no-defaults", f"--datadir={self.directory}/data",
                f"--socket={self.directory}/socket", f"--pid-file={self.directory}/pid", f"--port={self.port}",
                "--bind-address=127.0.0.1", "--skip-name-resolve", "--innodb-flush-log-at-trx-commit=0",
                "--innodb-buffer-pool-size=16M", "--innodb-log-file-size=4M", "--character-set-server=utf8mb4"]

    def fill(self):
        sql = ("CREATE DATABASE mail; USE mail;\n" + sql_of_rows("\\\\") +
               f"CREATE USER reader@'%' IDENTIFIED BY {quoted(PASSWORD)}; GRANT SELECT ON mail.* TO reader@'%';\n")
        run_tool([find_program("mariadb", "mariadb-client"), "--no-defaults", f"--socket={self.directory}/socket",
                  "-u", "root", "--default-character-set=utf8mb4"], stdin=sql.encode())


SLAPD = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {directory}/pid
database mdb
suffix "dc=example,dc=org"
rootdn "cn=admin,dc=example,dc=org"
rootpw {password}
directory {directory}/data
dbnosync
index mail eq
access to attrs=userPassword by anonymous auth by * none
access to * by users read by * none
"""


class Slapd(Process):
    """One entry per address; a login of two words is two values."""

    name = "slapd"
    map_lines = ("base = ou=owners,dc=example,dc=org\nfilter = (&(objectClass=inetOrgPerson)(mail={key}))\n"
                 "attribute = employeeType\n")

    @property
    def server(self):
        return (f"database = ldap://127.0.0.1:{self.port}\nbind = cn=admin,dc=example,dc=org\n"
                f"password_file = {self.password_file}\n")

    def prepare(self):
        os.makedirs(f"{self.directory}/data")
        escaped = '"' + PASSWORD.replace("\\", "\\\\").replace('"', '\\"') + '"'
        self.conf = self.stage.write("slapd/slapd.conf", SLAPD.format(directory=self.directory, password=escaped),
                                     0o640)

    def argv(self):
        return [find_program("slapd", "slapd"), "-d", "0", "-h", f"ldap://127.0.0.1:{self.port}", "-f", self.conf]

    def fill(self):
        entries = ["dn: dc=example,dc=org\nobjectClass: domain\ndc: example\n",
                   "dn: ou=owners,dc=example,dc=org\nobjectClass: organizationalUnit\nou: owners\n"]
        owners = {}
        for address, login in ROWS:
            owners.setdefault(address, []).append(login)
        for number, (address, logins) in enumerate(owners.items()):
            if address.isascii():  # mail is an IA5String
                entries.append(f"dn: uid=u{number},ou=owners,dc=example,dc=org\nobjectClass: inetOrgPerson\n"
                               f"uid: u{number}\ncn: x\nsn: x\nmail:: {encoded(address)}\n"
                               + "".join(f"employeeType:: {encoded(login)}\n" for login in logins))
        run_tool([find_program("ldapadd", "ldap-utils"), "-x", "-H", f"ldap://127.0.0.1:{self.port}",
                  "-D", "cn=admin,dc=example,dc=org", "-w", PASSWORD], stdin="\n".join(entries).encode())


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def start_all(stage):
    """All of them at the same time; a dictionary by name."""
    found, faults = {}, []

    def start(kind):
        try:
            found[kind.name] = kind(stage)
        except (StageError, Failure, OSError) as error:
            faults.append(f"{kind.name}: {error}")
    threads = [threading.Thread(target=start, args=(kind,)) for kind in (Sqlite, Postgresql, Mariadb, Slapd)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise StageError("\n".join(faults))
    return found
