"""Sendmail 8.17 in front: mail that a real clamd scans."""

import cases_clamd
from cases_clamd import ClamdWorld
from stage.suite import Group

group = Group("sendmail-clamd", lambda options: ClamdWorld(options, "sendmail-clamd", "sendmail"))
cases_clamd.add_to(group)
