/*
 * The null filter. Every event has a callback, as a filter that looks at everything needs, and each
 * says "go on". Leaves all judging to nobody; fails only when libmilter cannot serve the socket.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <libmilter/mfapi.h>

#include "floor_filter.h"

/* libmilter hands its callbacks no pointer of ours before there is a session: one filter per
 * process. */
static const struct floor_filter *served;

static sfsistat reply_unless(unsigned long no_reply_step)
{
    return served->steps & no_reply_step ? SMFIS_NOREPLY : SMFIS_CONTINUE;
}

static sfsistat on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps,
                             unsigned long unused0, unsigned long unused1, unsigned long *actions_r,
                             unsigned long *steps_r, unsigned long *unused0_r,
                             unsigned long *unused1_r)
{
    (void)unused0;
    (void)unused1;
    if (served->steps & ~steps)
        return SMFIS_REJECT;
    for (int stage = 0; stage < FLOOR_STAGES && actions & SMFIF_SETSYMLIST; stage++)
        if (served->list[stage] &&
            smfi_setsymlist(context, stage, (char *)served->list[stage]) != MI_SUCCESS)
            return SMFIS_REJECT;
    *actions_r = served->actions & actions;
    *steps_r = served->steps;
    *unused0_r = *unused1_r = 0;
    return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
    (void)context;
    (void)host;
    (void)address;
    return reply_unless(SMFIP_NR_CONN);
}

static sfsistat on_helo(SMFICTX *context, char *name)
{
    (void)context;
    (void)name;
    return reply_unless(SMFIP_NR_HELO);
}

static sfsistat on_mail(SMFICTX *context, char **arguments)
{
    (void)context;
    (void)arguments;
    return reply_unless(SMFIP_NR_MAIL);
}

static sfsistat on_rcpt(SMFICTX *context, char **arguments)
{
    (void)context;
    (void)arguments;
    return reply_unless(SMFIP_NR_RCPT);
}

static sfsistat on_data(SMFICTX *context)
{
    (void)context;
    return reply_unless(SMFIP_NR_DATA);
}

static sfsistat on_header(SMFICTX *context, char *name, char *value)
{
    (void)context;
    (void)name;
    (void)value;
    return reply_unless(SMFIP_NR_HDR);
}

static sfsistat on_eoh(SMFICTX *context)
{
    (void)context;
    return reply_unless(SMFIP_NR_EOH);
}

static sfsistat on_body(SMFICTX *context, unsigned char *chunk, size_t length)
{
    (void)context;
    (void)chunk;
    (void)length;
    return reply_unless(SMFIP_NR_BODY);
}

static uint64_t thread_cpu_ns(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

static sfsistat on_eom(SMFICTX *context)
{
    static char field[] = " v=1; a=rsa-sha256; d=example.org; s=none;\n\tbh=; b=";

    if (served->burn_ns) {
        uint64_t until_ns = thread_cpu_ns() + served->burn_ns;

        while (thread_cpu_ns() < until_ns)
            continue;
    }
    for (unsigned i = 0; i < served->inserts; i++)
        if (smfi_insheader(context, 0, (char *)"X-Floor", field) != MI_SUCCESS)
            return SMFIS_TEMPFAIL;
    return SMFIS_CONTINUE;
}

static sfsistat on_abort(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

static sfsistat on_close(SMFICTX *context)
{
    (void)context;
    return SMFIS_CONTINUE;
}

int floor_filter_run(const struct floor_filter *filter)
{
    struct smfiDesc description = {
        .xxfi_name = (char *)"floor",
        .xxfi_version = SMFI_VERSION,
        .xxfi_flags = filter->actions,
        .xxfi_connect = on_connect,
        .xxfi_helo = on_helo,
        .xxfi_envfrom = on_mail,
        .xxfi_envrcpt = on_rcpt,
        .xxfi_data = on_data,
        .xxfi_header = on_header,
        .xxfi_eoh = on_eoh,
        .xxfi_body = on_body,
        .xxfi_eom = on_eom,
        .xxfi_abort = on_abort,
        .xxfi_close = on_close,
        .xxfi_negotiate = on_negotiate,
    };

    served = filter;
    if (smfi_setconn((char *)filter->socket) != MI_SUCCESS ||
        smfi_register(description) != MI_SUCCESS || smfi_opensocket(true) != MI_SUCCESS) {
        fprintf(stderr, "floor: cannot serve %s\n", filter->socket);
        return EXIT_FAILURE;
    }
    return smfi_main() == MI_SUCCESS ? EXIT_SUCCESS : EXIT_FAILURE;
}
