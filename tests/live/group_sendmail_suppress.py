"""Addresses that are written to no more, and mail that answers by itself, through Sendmail 8.17."""

import cases_suppress
from stage.suite import Group
from stage.world import World

group = Group("sendmail-suppress",
              lambda options: World(options, "sendmail-suppress", "sendmail", cases_suppress.config))
cases_suppress.add_to(group)
