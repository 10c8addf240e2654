/*
 * sockets: listeners by their specification. Every listening descriptor is made not to wait:
 * several processes may accept from one, and whoever is late must find nothing rather than hang.
 */
#include "daemon/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log/log.h"

struct opening {
    const struct plan *plan;
    struct passed *passed;
    struct sockets *was;
    bool is_managed; /* those in `was` are the service manager's */
    struct config_report *report;
};

static void bound_shut(struct bound *bound, bool remove)
{
    listener_close(&bound->listener, remove && !bound->is_passed);
}

static void bound_close(struct bound *bound, bool remove)
{
    bound_shut(bound, remove);
    free(bound->spec);
    *bound = (struct bound){ .listener = { .fd = -1 } };
}

void sockets_shut(struct sockets *sockets, bool remove)
{
    for (size_t i = 0; i < sockets->count; i++)
        bound_shut(&sockets->milter[i], remove);
    bound_shut(&sockets->control, remove);
}

void sockets_close(struct sockets *sockets, bool remove)
{
    for (size_t i = 0; i < sockets->count; i++)
        bound_close(&sockets->milter[i], remove);
    bound_close(&sockets->control, remove);
    free(sockets->milter);
    *sockets = SOCKETS_NONE;
}

size_t sockets_find(const struct sockets *sockets, const char *spec)
{
    for (size_t i = 0; i < sockets->count; i++) {
        if (sockets->milter[i].spec != NULL && strcmp(sockets->milter[i].spec, spec) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* Anything that goes wrong here is found when the socket is made. */
static void make_run_directory(const struct plan *plan, const char *path)
{
    if (plan_makes_directory(path) && mkdir(EM_RUN_DIR, 0755) == 0 && plan->identity.changes &&
        lchown(EM_RUN_DIR, plan->identity.uid, plan->identity.gid) < 0)
        rmdir(EM_RUN_DIR);
}

static bool is_there(const struct bound *bound, const char *spec)
{
    return bound->spec != NULL && bound->listener.fd >= 0 && strcmp(bound->spec, spec) == 0 &&
           listener_is_in_place(&bound->listener);
}

/* Among those of before. NULL: none is like that. */
static struct bound *find_former(struct sockets *was, const char *spec, bool is_control)
{
    if (was == NULL)
        return NULL;
    if (is_control)
        return is_there(&was->control, spec) ? &was->control : NULL;
    for (size_t i = 0; i < was->count; i++) {
        if (is_there(&was->milter[i], spec))
            return &was->milter[i];
    }
    return NULL;
}

static void give_access(const struct bound *bound, const struct listen_access *access)
{
    if (bound->listener.fd >= 0 && !bound->is_passed &&
        !listener_set_access(&bound->listener, access))
        log_write(LOG_LEVEL_WARNING, "%s keeps the owner and mode it has: %m", bound->spec);
}

void sockets_give_access(const struct sockets *sockets, const struct plan *plan)
{
    for (size_t i = 0; i < sockets->count; i++)
        give_access(&sockets->milter[i], &plan->milter_access);
    give_access(&sockets->control, &plan->control_socket_access);
}

static bool take_former(const struct opening *opening, struct bound *former,
                        const struct listen_access *access, struct bound *bound)
{
    bool is_control = former == &opening->was->control;

    *bound = *former;
    *former = (struct bound){ .listener = { .fd = -1 } };
    bound->is_new = false;
    bound->former = is_control ? 0 : (size_t)(former - opening->was->milter);
    give_access(bound, access);
    return true;
}

static bool set_not_waiting(int fd, struct error *error)
{
    int flags = fcntl(fd, F_GETFL);

    if (flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0)
        return true;
    error_set(error, "fcntl: %m");
    return false;
}

static bool open_bound(const struct opening *opening, const char *text,
                       const struct listen_spec *spec, const struct listen_access *access,
                       bool is_control, struct bound *bound, struct error *error)
{
    struct bound *former = find_former(opening->was, text, is_control);
    int passed = -1;

    if (former != NULL)
        return take_former(opening, former, access, bound);
    passed = opening->passed != NULL ? passed_find(opening->passed, spec) : -1;
    bound->is_passed = passed >= 0;
    bound->is_new = true;
    bound->listener.fd = passed;
    if (passed < 0) {
        if (opening->is_managed && !is_control) {
            error_set(error,
                      "the service manager makes the sockets and did not make %s: name it in the "
                      "socket unit, too, and start the daemon anew, or remove it here",
                      text);
            return false;
        }
        if (spec->family == LISTEN_UNIX)
            make_run_directory(opening->plan, spec->path);
        if (opening->passed != NULL && opening->passed->count > 0 && !is_control) {
            passed_explain(opening->passed, text, error);
            return false;
        }
        if (!listener_open(spec, access, &bound->listener, error))
            return false;
    }
    bound->spec = strdup(text);
    if (bound->spec == NULL)
        error_set(error, "out of memory");
    return bound->spec != NULL && set_not_waiting(bound->listener.fd, error);
}

static void open_milter_sockets(const struct opening *opening, struct sockets *sockets)
{
    const struct config_texts *specs = &opening->plan->sockets->socket;
    struct error error;

    for (size_t i = 0; i < specs->count; i++) {
        struct listen_spec spec;
        if (!listen_parse(specs->at[i], &spec, &error))
            continue; /* the row accepted it */
        if (!open_bound(opening, specs->at[i], &spec, &opening->plan->milter_access, false,
                        &sockets->milter[i], &error))
            plan_complain(opening->plan, opening->report, &milter_socket_table, "socket", &error);
    }
}

static void open_control_bound(const struct opening *opening, struct sockets *sockets)
{
    struct listen_spec spec = { .family = LISTEN_UNIX, .path = opening->plan->control->socket };
    struct error error;

    if (!open_bound(opening, spec.path, &spec, &opening->plan->control_socket_access, true,
                    &sockets->control, &error))
        plan_complain(opening->plan, opening->report, &control_table, "socket", &error);
}

static void move_back(struct bound *bound, struct bound *former)
{
    if (bound->spec == NULL || bound->is_new)
        return;
    *former = *bound;
    *bound = (struct bound){ .listener = { .fd = -1 } };
}

void sockets_go_back(struct sockets *sockets, struct sockets *was)
{
    for (size_t i = 0; i < sockets->count; i++)
        move_back(&sockets->milter[i], &was->milter[sockets->milter[i].former]);
    move_back(&sockets->control, &was->control);
    sockets_close(sockets, true);
}

static bool is_managed(const struct sockets *was)
{
    for (size_t i = 0; was != NULL && i < was->count; i++) {
        if (was->milter[i].is_passed)
            return true;
    }
    return false;
}

static void complain_left_over(const struct opening *opening, const struct bound *bound,
                               const struct config_table *table)
{
    struct error error;

    if (bound->spec == NULL || !bound->is_passed)
        return;
    error_set(&error,
              "the service manager makes %s, which is not configured: remove it from the socket "
              "unit, too, and start the daemon anew, or name it here",
              bound->spec);
    plan_complain(opening->plan, opening->report, table, "socket", &error);
}

/* As at a start, which would refuse what the service manager hands over and nobody wants. */
static void check_left_over(const struct opening *opening)
{
    for (size_t i = 0; i < opening->was->count; i++)
        complain_left_over(opening, &opening->was->milter[i], &milter_socket_table);
    complain_left_over(opening, &opening->was->control, &control_table);
}

static bool sockets_init(struct sockets *sockets, size_t count)
{
    *sockets = SOCKETS_NONE;
    sockets->milter = calloc(count, sizeof(*sockets->milter));
    if (sockets->milter == NULL)
        return false;
    sockets->count = count;
    for (size_t i = 0; i < count; i++)
        sockets->milter[i].listener.fd = -1;
    return true;
}

bool sockets_open(const struct plan *plan, struct passed *passed, struct sockets *was,
                  struct sockets *sockets_r, struct config_report *report)
{
    struct opening opening = {
        .plan = plan, .passed = passed, .was = was, .is_managed = is_managed(was), .report = report
    };
    struct error error;

    if (!sockets_init(sockets_r, plan->sockets->socket.count)) {
        config_complain(report, CONFIG_ERROR, NULL, NULL, "out of memory");
        return false;
    }
    open_milter_sockets(&opening, sockets_r);
    open_control_bound(&opening, sockets_r);
    if (was != NULL && config_report_count(report, CONFIG_ERROR) == 0)
        check_left_over(&opening);
    if (passed != NULL && config_report_count(report, CONFIG_ERROR) == 0 &&
        !passed_is_used_up(passed, &error))
        plan_complain(plan, report, &milter_socket_table, "socket", &error);
    if (config_report_count(report, CONFIG_ERROR) == 0)
        return true;
    if (was != NULL)
        sockets_go_back(sockets_r, was);
    else
        sockets_close(sockets_r, true);
    return false;
}
