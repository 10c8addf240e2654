"""What large providers ask of senders, through Sendmail 8.17: messages, a day, readiness."""

import cases_bulk
from stage.suite import Group

group = Group("sendmail-bulk", lambda options: cases_bulk.BulkWorld(options, "sendmail-bulk", "sendmail"))
cases_bulk.add_to(group, cases_bulk.MESSAGES + cases_bulk.DAY)
