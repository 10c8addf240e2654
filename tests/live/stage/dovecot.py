"""Dovecot as the keeper of logins: its authentication service only, for Postfix' smtpd."""

import os

from stage.base import find_program

CONF = """
base_dir = {directory}/run
state_dir = {directory}/state
log_path = {directory}/log
protocols =
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_login_user = nobody
default_internal_user = nobody
default_internal_group = nogroup
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home=/nonexistent
}}
service auth {{
  unix_listener {socket} {{
    mode = 0666
    user = postfix
  }}
}}
"""


class Dovecot:
    """Serves `logins` (a dictionary user -> password) on a socket."""

    def __init__(self, stage, socket_path, logins):
        directory = stage.path("dovecot")
        os.makedirs(directory, exist_ok=True)
        users = stage.write("dovecot/users", "".join(f"{u}:{{PLAIN}}{p}\n" for u, p in logins.items()))
        conf = stage.write("dovecot/dovecot.conf",
                           CONF.format(directory=directory, users=users, socket=socket_path))
        program = find_program("dovecot", "dovecot-core")
        self.child = stage.start("dovecot", [program, "-F", "-c", conf])
        self.child.wait_for(lambda: os.path.exists(socket_path), 15, "its socket")
