"""Sendmail 8.17 in front: held mail, through sendmail itself and the files of its queue."""

import os

import cases_hold
import cases_notices
from stage.base import run_tool
from stage.sendmail import INSIDE, unpack
from stage.suite import Group
from stage.world import LOGIN, World


class HoldWorld(World):
    LOGINS = (LOGIN, cases_notices.WATCHED, cases_notices.FEW)

    def __init__(self, options):
        program = os.path.join(unpack(), "usr/libexec/sendmail/sendmail")
        super().__init__(options, "sendmail-hold", "sendmail",
                         lambda world: cases_hold.config(world, [program, "-C", f"{INSIDE}/sendmail/sendmail.cf"]))
        cases_notices.open_door(self)

    def ctl(self, *words, check=True):
        """Where this Sendmail is: its own /etc, and the stage at another place too."""
        return run_tool(self.mta.inside(self.guard.ctl, "-c", self.guard.config_path, *words), check=check)


group = Group("sendmail-hold", HoldWorld)
cases_notices.add_to(group)
cases_hold.add_to(group)
