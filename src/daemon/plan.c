/*
 * plan: configuration and passwd(5), group(5) look-ups, all before any process is forked.
 */
#include "daemon/plan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/last_good.h"
#include "log/log.h"

/* The daemon leaves the directory it was started in. */
static char *absolute_path(const char *path)
{
    char *directory, *whole = NULL;

    if (path[0] == '/')
        return strdup(path);
    directory = getcwd(NULL, 0);
    if (directory == NULL || asprintf(&whole, "%s/%s", directory, path) < 0)
        whole = NULL;
    free(directory);
    return whole;
}

void plan_complain(const struct plan *plan, struct config_report *report,
                   const struct config_table *table, const char *name, const struct error *error)
{
    struct config_place place = config_where(plan->config, table, name);
    char setting[96];

    snprintf(setting, sizeof(setting), "%s%s%s", table->path, table->path[0] != '\0' ? "." : "",
             name);
    config_complain(report, CONFIG_ERROR, &place, setting, "%s", error->text);
}

static void find_user(struct plan *plan, struct config_report *report)
{
    const struct general_settings *general = config_settings(plan->config, &site_general_table);
    struct error error;

    plan->is_identity_known = identity_find(general->user, &plan->identity, &error);
    if (!plan->is_identity_known)
        plan_complain(plan, report, &site_general_table, "user", &error);
}

/* Sockets belong to the user the child becomes; a process that is not root leaves what it has. */
static void find_access(struct plan *plan, struct config_report *report)
{
    const struct identity *identity = &plan->identity;
    struct listen_access base = { .mode = 0660, .uid = (uid_t)-1, .gid = (gid_t)-1 };
    struct error error;

    if (identity->changes) {
        base.uid = identity->uid;
        base.gid = identity->gid;
    }
    plan->milter_access = plan->control_socket_access = base;
    listen_mode_parse(plan->sockets->mode, &plan->milter_access.mode); /* the row accepted it */
    if (plan->sockets->group != NULL &&
        !group_find(plan->sockets->group, &plan->milter_access.gid, &error))
        plan_complain(plan, report, &milter_socket_table, "socket_group", &error);
    plan->control_access.owner = identity->uid;
    if (plan->control->read_group == NULL)
        return;
    if (group_find(plan->control->read_group, &plan->control_access.read_group, &error)) {
        plan->control_access.has_read_group = true;
        plan->control_socket_access.gid = plan->control_access.read_group;
    } else {
        plan_complain(plan, report, &control_table, "read_group", &error);
    }
}

/* The configuration is there: what it means. */
static bool interpret(struct plan *plan, struct config_report *report)
{
    plan->sockets = config_settings(plan->config, &milter_socket_table);
    plan->control = config_settings(plan->config, &control_table);
    plan->log = config_settings(plan->config, &site_log_table);
    find_user(plan, report);
    find_access(plan, report);
    return config_report_count(report, CONFIG_ERROR) == 0;
}

bool plan_make(const char *path, struct plan *plan_r, struct config_report *report)
{
    *plan_r = (struct plan){ .config_path = absolute_path(path) };
    if (plan_r->config_path == NULL) {
        config_complain(report, CONFIG_ERROR, NULL, NULL, "%s: cannot find where it is: %s", path,
                        strerror(errno));
        return false;
    }
    plan_r->config = config_load(plan_r->config_path, all_config_tables(), report);
    return plan_r->config != NULL && interpret(plan_r, report);
}

/* The path on the first line, then the text of the configuration. */
void plan_keep(const struct plan *plan, int fd)
{
    struct buffer text = BUFFER_EMPTY;
    struct span kept = config_kept(plan->config);

    if (kept.size > 0 && strchr(plan->config_path, '\n') == NULL) {
        buffer_printf(&text, "%s\n", plan->config_path);
        buffer_add_span(&text, kept);
    }
    last_good_write(fd, buffer_has_failed(&text) ? SPAN("") : buffer_span(&text));
    buffer_free(&text);
}

bool plan_make_kept(int fd, struct plan *plan_r, struct config_report *report)
{
    struct buffer text = BUFFER_EMPTY;
    struct span rest, path;
    bool is_good = last_good_read(fd, &text);

    *plan_r = (struct plan){ .config = NULL };
    rest = buffer_span(&text);
    if (is_good && span_cut(&rest, '\n', &path)) {
        plan_r->config_path = strndup(path.at, path.size);
        plan_r->config = config_load_kept(rest, all_config_tables(), report);
    }
    buffer_free(&text);
    return plan_r->config_path != NULL && plan_r->config != NULL && interpret(plan_r, report);
}

void plan_free(struct plan *plan)
{
    config_free(&plan->config);
    free(plan->config_path);
    *plan = (struct plan){ .config = NULL };
}

bool plan_open_syslog(const struct plan *plan, struct error *error)
{
    if (log_open_syslog("egress-milter", plan->log->facility))
        return true;
    error_set(error, "\"%s\" is no syslog facility; valid: mail, daemon, local0 and the like",
              plan->log->facility);
    return false;
}

bool plan_makes_directory(const char *path)
{
    size_t size = sizeof(EM_RUN_DIR) - 1;

    return geteuid() == 0 && strncmp(path, EM_RUN_DIR "/", size + 1) == 0 &&
           strchr(path + size + 1, '/') == NULL && access(EM_RUN_DIR, F_OK) < 0 && errno == ENOENT;
}

bool faults_are_fatal(const struct config_report *report, bool strict)
{
    return config_report_count(report, CONFIG_ERROR) > 0 ||
           (strict && config_report_count(report, CONFIG_WARNING) > 0);
}

void faults_print(const struct config_report *report, bool with_warnings, FILE *out)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        if (fault->severity == CONFIG_ERROR)
            fprintf(out, "%s\n", fault->text);
        else if (with_warnings)
            fprintf(out, "%s (warning)\n", fault->text);
    }
    fflush(out);
}

void faults_log(const struct config_report *report)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        log_write(fault->severity == CONFIG_ERROR ? LOG_LEVEL_ERR : LOG_LEVEL_WARNING, "%s",
                  fault->text);
    }
}
