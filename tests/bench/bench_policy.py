"""A peer for limits: postfwd with one rate limit by login, asked over its policy socket as Postfix asks."""

import os
import shutil
import signal
import socket
import tempfile
import time

from bench_filters import BenchError

RULE = "id=RATE ; sasl_username=~/./ ; action=rate(sasl_username/1000000/3600/450 4.7.1 too many)\n"
# Everything that Postfix sends at the end of a message.
REQUEST = {
    "request": "smtpd_access_policy", "protocol_state": "END-OF-MESSAGE", "protocol_name": "ESMTP",
    "client_address": "192.0.2.1", "client_name": "laptop.example", "client_port": "50000",
    "reverse_client_name": "laptop.example", "server_address": "192.0.2.2", "server_port": "587",
    "helo_name": "laptop.example", "sender": "{login}", "recipient": "bob@example.net", "recipient_count": "1",
    "queue_id": "4ABCDEF", "instance": "1f.{number}.0", "size": "10240", "etrn_domain": "", "stress": "",
    "sasl_method": "plain", "sasl_username": "{login}", "sasl_sender": "", "ccert_subject": "", "ccert_issuer": "",
    "ccert_fingerprint": "", "ccert_pubkey_fingerprint": "", "encryption_protocol": "TLSv1.3",
    "encryption_cipher": "TLS_AES_256_GCM_SHA384", "encryption_keysize": "256", "policy_context": "",
}


def find_program():
    return shutil.which("postfwd1", path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def cpu_us(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        words = file.read().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) * 1e6 / os.sysconf("SC_CLK_TCK")


def start(program, folder):
    """Its socket and its process, when it answers."""
    port, pidfile = free_port(), os.path.join(folder, "pid")
    with open(os.path.join(folder, "rules"), "w", encoding="ascii") as file:
        file.write(RULE)
    command = f"{program} --daemon --file {folder}/rules --interface 127.0.0.1 --port {port} --pidfile {pidfile}"
    os.chmod(folder, 0o777)  # it becomes another user before it writes there
    if os.spawnlp(os.P_WAIT, "sh", "sh", "-c", f"{command} --nodnslog --norulelog --user nobody --group nogroup"
                  " >/dev/null 2>&1"):
        raise BenchError("postfwd does not start")
    for _ in range(200):
        try:
            with open(pidfile, encoding="ascii") as file:
                return socket.create_connection(("127.0.0.1", port), 10), int(file.read())
        except (OSError, ValueError):
            time.sleep(0.05)
    raise BenchError("postfwd does not listen")


def ask(connection, number, logins):
    text = "".join(f"{name}={value}\n" for name, value in REQUEST.items()) + "\n"
    connection.sendall(text.format(login=f"user{number % logins:07}@example.org", number=number).encode())
    answer = b""
    while not answer.endswith(b"\n\n"):
        piece = connection.recv(4096)
        if not piece:
            raise BenchError("postfwd hangs up")
        answer += piece
    if not answer.startswith(b"action=DUNNO"):
        raise BenchError(f"postfwd answers {answer!r}")


def cpu_us_per_decision(decisions, logins):
    """Microseconds of postfwd's CPU; None: it is not there."""
    program = find_program()
    if not program:
        return None
    folder = tempfile.mkdtemp(prefix="egress-postfwd-")
    pid = None
    try:
        connection, pid = start(program, folder)
        for number in range(decisions // 10):
            ask(connection, number, logins)
        began = cpu_us(pid)
        for number in range(decisions):
            ask(connection, number, logins)
        return (cpu_us(pid) - began) / decisions
    finally:
        if pid:
            os.kill(pid, signal.SIGTERM)
        shutil.rmtree(folder, ignore_errors=True)
