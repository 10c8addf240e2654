"""DNS dead, slow and lying, behind Sendmail 8.17."""

import cases_dns
from stage.suite import Group

group = Group("sendmail-dns", lambda options: cases_dns.DnsWorld(options, "sendmail-dns", "sendmail"))
cases_dns.add_to(group)
