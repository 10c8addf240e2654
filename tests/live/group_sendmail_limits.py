"""Limits through Sendmail 8.17."""

import cases_limits
import cases_limits_ctl
import cases_limits_told
from limits_world import LimitsWorld
from stage.suite import Group

group = Group("sendmail-limits", lambda options: LimitsWorld(options, "sendmail-limits", "sendmail"))
cases_limits_told.add_to(group)
cases_limits.add_to(group)
cases_limits_ctl.add_to(group)
