/*
 * scripted: a resolver whose answers are written down, for scenarios and tests. Answers at once,
 * without a thread; nothing is cached, so that what a test counts is what was asked.
 *
 * A line is NAME TYPE DATA, or NAME TYPE RESULT, with '#' before comments. A name that is nowhere
 * does not exist; one that has other types, or names below it, has no data. What is said of a name
 * goes before what is said of everybody, and of a type before what is said of all types. A TIMEOUT
 * is nothing to peek at; collecting it takes no time. The servers of a zone say what everybody
 * says.
 *
 *     example.org        TXT   "v=spf1 a -all"         quotes hold blanks; \" and \NNN as in zones
 *     example.org        TXT   "a" "b"                 one record of two strings
 *     example.org        MX    10 mail.example.org
 *     mail.example.org   A     192.0.2.1
 *     www.example.org    CNAME mail.example.org
 *     slow.example.org   TXT   TIMEOUT                 or SERVFAIL, BOGUS, NXDOMAIN, NODATA
 *     gone.example.org   *     SERVFAIL                whatever is asked
 *     *                  *     TIMEOUT                 whatever is asked of anybody: DNS is dead
 *     *.w.example.org    A     192.0.2.2               as a zone's wildcard
 *     example.org        TTL   60                      of the name's answers from here on; 3600
 *     example.org        LATE                          nothing to peek at before it was collected
 */
#ifndef EM_DNS_SCRIPTED_H
#define EM_DNS_SCRIPTED_H

#include "dns/resolver.h"

/* NULL with *error: a line that is none of these. clock: since when DNS is dead, if it is. */
struct dns_resolver *dns_scripted_new(struct span script, const struct clock *clock,
                                      struct error *error);
/* How many questions were asked so far. */
unsigned dns_scripted_count(const struct dns_resolver *resolver);

#endif
