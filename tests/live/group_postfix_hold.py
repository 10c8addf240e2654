"""Postfix 3.7 in front: held mail, through postsuper, postqueue and postcat. It is the machine's, and nothing says what
to run: that is as shipped.
"""

import cases_hold
import cases_notices
from cases_hold import held_ids, hold_one
from stage.base import run_tool
from stage.suite import Group, expect, expect_equal
from stage.world import LOGIN, World

STRANGER = "33"


class HoldWorld(World):
    IS_MACHINES = True
    LOGINS = (LOGIN, cases_notices.WATCHED, cases_notices.FEW)

    def __init__(self, options):
        super().__init__(options, "postfix-hold", "postfix", cases_hold.config)

    def ctl(self, *words, check=True):
        return self.guard.ctl_run(*words, check=check)

    def ctl_as(self, user, *words):
        """As somebody who is not root: (exit code, words)."""
        done = run_tool(["setpriv", f"--reuid={user}", "--regid=65534", "--clear-groups", self.guard.ctl, "-c",
                         self.guard.config_path, *words], check=False)
        return done.returncode, (done.stdout + done.stderr).decode()


group = Group("postfix-hold", HoldWorld)
cases_notices.add_to(group)
cases_hold.add_to(group)


@group.case("without root: the guard's user may look, releases and deletes nothing, and a stranger sees nothing")
def without_root(w):
    """postsuper is for root."""
    _, queue_id = hold_one(w)
    code, said = w.ctl_as(w.guard.user, "hold", "list")
    expect(code == 0 and queue_id in said, f"hold list: {code}, {said}")
    for words in (("release", queue_id), ("delete", queue_id, "--yes")):
        code, said = w.ctl_as(w.guard.user, "hold", *words)
        expect(code == 69 and "postsuper" in said and "superuser" in said, f"hold {words}: {code}, {said}")
        expect(w.mta.is_held(queue_id) and queue_id in held_ids(w), f"{queue_id} is still held")
    code, said = w.ctl_as(STRANGER, "hold", "list")
    expect(code == 73 and queue_id not in said, f"hold list of a stranger: {code}, {said}")
    expect_equal(w.ctl("hold", "delete", queue_id, "--yes").returncode, 0, "exit code for root")
