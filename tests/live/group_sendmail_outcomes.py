"""What becomes of mail, through Sendmail 8.17."""

import cases_outcomes
from stage.maillog import MailLog
from stage.suite import Group
from stage.world import World


def open_world(options):
    world = World(options, "sendmail-outcomes", "sendmail", cases_outcomes.config)
    world.log = MailLog(world.stage, world, world.mta.syslog.path)
    return world


group = Group("sendmail-outcomes", open_world)
cases_outcomes.add_to(group)
