"""Sendmail 8.17 in front: whose mail it is and what it looks like.  The cases of every MTA."""

import cases_flow
from stage.suite import Group
from stage.world import World, enforcing


def open_world(options):
    return World(options, "sendmail-flow", "sendmail", enforcing, transport="inet")


group = Group("sendmail-flow", open_world)
cases_flow.add_to(group)
