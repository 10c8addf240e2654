"""Sendmail 8.17 in front: mail that is stopped, held and released."""

import cases_stops
from stage.base import wait_until
from stage.mail import Mail
from stage.postfix import queue_id_of
from stage.suite import Group, expect
from stage.world import World

group = Group("sendmail-stops",
              lambda options: World(options, "sendmail-stops", "sendmail", cases_stops.config))
cases_stops.add_to(group)


@group.case("the reason of a quarantine is in the queue file")
def reason(w):
    mail = Mail(without=("Message-ID",))
    queue_id = queue_id_of(w.submit(mail))
    wait_until(lambda: w.mta.is_held(queue_id), 10, f"{queue_id} to be held")
    expect("message-id-missing" in w.mta.held_reason(queue_id), f"reason: {w.mta.held_reason(queue_id)}")
