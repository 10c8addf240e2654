"""Addresses that are written to no more, and mail that answers by itself, through Postfix 3.7."""

import cases_suppress
from cases_suppress import MOST, bounced
from stage.base import wait_until
from stage.suite import Group, expect
from stage.world import World

# Postfix slows clients down that make errors, and a refused recipient is one.
SETTINGS = {"smtpd_error_sleep_time": "0", "internal_mail_filter_classes": "bounce"}

group = Group("postfix-suppress",
              lambda options: World(options, "postfix-suppress", "postfix", cases_suppress.config, settings=SETTINGS))
cases_suppress.add_to(group)


@group.case("what Postfix itself bounces is counted, and held beyond the maximum")
def bounces(w):
    """The count begins anew, so that the first of them goes."""
    w.guard.ctl_run("limit", "reset", "principal/bounce/backscatter")
    for used in range(1, MOST + 2):
        mail, line = bounced(w)
        line.expect(class_="bounce", user="bounce", verdict="accept" if used <= MOST else "hold")
        expect(f"backscatter:{used}/{MOST}" in line["limits"].split(","), f"limits: {line['limits']}")
        if used <= MOST:
            w.sink.wait(mail.sender)
    wait_until(lambda: w.mta.is_held(line.queue_id), 20, f"{line.queue_id} to be held")
