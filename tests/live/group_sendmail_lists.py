"""DNS lists, through Sendmail."""

import cases_lists
from stage.suite import Group

group = Group("sendmail-lists", lambda options: cases_lists.ListsWorld(options, "sendmail-lists", "sendmail"))
cases_lists.add_to(group, has_xclient=False)
