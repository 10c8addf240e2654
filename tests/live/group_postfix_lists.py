"""DNS lists, through Postfix."""

import cases_lists
from stage.suite import Group

group = Group("postfix-lists", lambda options: cases_lists.ListsWorld(options, "postfix-lists", "postfix"))
cases_lists.add_to(group, has_xclient=True)
