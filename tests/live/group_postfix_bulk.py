"""What large providers ask of senders, through Postfix 3.7: messages, a day, readiness."""

import cases_bulk
from stage.suite import Group

group = Group("postfix-bulk", lambda options: cases_bulk.BulkWorld(
    options, "postfix-bulk", "postfix", settings={"smtpd_error_sleep_time": "0"}))
cases_bulk.add_to(group, cases_bulk.MESSAGES + cases_bulk.DAY)
