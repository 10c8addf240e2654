"""Two Sendmails 8.17 with a content filter between them."""

import cases_filter
from stage.suite import Group

group = Group("sendmail-filter", lambda options: cases_filter.FilterWorld(
    options, "sendmail-filter", "sendmail", cases_filter.config, transport="inet"))
cases_filter.add_to(group)
