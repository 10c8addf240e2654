"""What becomes of mail, through Postfix 3.7."""

import cases_outcomes
from stage.maillog import MailLog
from stage.suite import Group
from stage.world import World


def open_world(options):
    world = World(options, "postfix-outcomes", "postfix", cases_outcomes.config, settings={"smtpd_error_sleep_time": "0"})
    world.log = MailLog(world.stage, world, world.mta.log_path)
    return world


group = Group("postfix-outcomes", open_world)
cases_outcomes.add_to(group)
