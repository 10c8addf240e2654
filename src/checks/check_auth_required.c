/*
 * auth_required: did a client come by a listener that demands a login, without one? The mail server
 * should have refused him; where it does not, it carries anybody's mail. Clients on this host and
 * of named networks are not asked (RFC 6409 4.3 leaves that to the site).
 */
#include "checks/checks.h"

static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    (void)settings;
    if (evidence->lacks_login) {
        finding_add(findings, FINDING_AUTH_REQUIRED, "log in first",
                    "this port takes mail of users only");
    }
}

const struct check check_auth_required = { .name = "auth_required", .run = run };
