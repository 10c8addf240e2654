"""Principals who may send nothing outside, through Sendmail 8.17."""

import cases_suspend
from stage.suite import Group
from stage.world import World

group = Group("sendmail-suspend",
              lambda options: World(options, "sendmail-suspend", "sendmail", cases_suspend.config))
cases_suspend.add_to(group)
