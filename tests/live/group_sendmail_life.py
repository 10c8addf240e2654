"""Sendmail 8.17 in front: the life of the daemon."""

import cases_life
from stage.suite import Group
from stage.world import World, enforcing

group = Group("sendmail-life", lambda options: World(options, "sendmail-life", "sendmail", enforcing))
cases_life.add_to(group)
