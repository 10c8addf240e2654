"""Principals who may send nothing outside, through Postfix 3.7."""

import cases_suspend
from stage.suite import Group
from stage.world import World

# Postfix slows clients down that make errors, and a refused recipient is one.
SETTINGS = {"smtpd_error_sleep_time": "0"}

group = Group("postfix-suspend",
              lambda options: World(options, "postfix-suspend", "postfix", cases_suspend.config, settings=SETTINGS))
cases_suspend.add_to(group)
