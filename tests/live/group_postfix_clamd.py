"""Postfix 3.7 in front: mail that a real clamd scans."""

import cases_clamd
from cases_clamd import MEGABYTE, ClamdWorld, trouble
from stage.base import wait_until
from stage.mail import Mail, text_body
from stage.suite import Group, expect_equal

group = Group("postfix-clamd", lambda options: ClamdWorld(options, "postfix-clamd", "postfix",
                                                          settings={"message_size_limit": str(64 * MEGABYTE)}))
cases_clamd.add_to(group)


@group.case("sendmail(1): a virus is held")
def local(w):
    mail = trouble()
    w.mta.sendmail(mail.data, mail.sender, [mail.recipient])
    line = w.line(mail).expect(verdict="hold", class_="local", by="virus-found")
    wait_until(lambda: w.mta.is_held(line.queue_id), 20, "the message in the hold queue")
    w.sink.expect_none(mail.recipient)


@group.case("clamd's own bound is not taken for a fault of clamd")
def bound_of_clamd(w):
    with open(w.clamd.config, encoding="utf-8") as stream:
        text = stream.read()
    w.clamd.child.stop()
    w.stage.write("clamd/clamd.conf", text.replace("StreamMaxLength 100M", "StreamMaxLength 1M"))
    w.clamd.start()
    w.again()
    mail = Mail(body=text_body(3 * MEGABYTE))
    w.line(w.submit(mail)).expect(verdict="accept", scan="too-large")
    w.signed(mail)
    expect_equal(w.told("meanwhile"), [], "lines about a fault")
    w.line(w.submit(Mail())).expect(verdict="accept", scan="clean")
