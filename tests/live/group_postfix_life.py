"""Postfix 3.7 in front: the life of the daemon."""

import cases_life
from stage.suite import Group
from stage.world import World, enforcing

group = Group("postfix-life", lambda options: World(options, "postfix-life", "postfix", enforcing,
                                                    transport="inet"))
cases_life.add_to(group)
group.case("sendmail(1): a refusal goes back to our own sender, a foreign one is held")(cases_life.reject_local)
