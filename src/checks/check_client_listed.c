/*
 * client_listed: is the address a login sends from known for infected machines or stolen passwords?
 * What such an address merely is (dynamic, no mail server) says nothing against somebody who logged
 * in. Cannot tell where a list does not answer, or is out of order.
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    listed_report(evidence, FINDING_CLIENT_LISTED, "look for malware there and change the password",
                  findings);
}

const struct check check_client_listed = { .name = "client_listed", .run = run };
