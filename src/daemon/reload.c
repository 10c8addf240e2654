/*
 * reload: site_load() as many times as wanted, and what became of the last.
 *
 * Loading happens outside the lock, so that looking at the last result never waits for the disk.
 */
#include "daemon/reload.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "control/settings.h"
#include "daemon/last_good.h"
#include "daemon/plan.h"
#include "log/counter.h"
#include "log/log.h"
#include "milter/milter.h"
#include "state/redis_settings.h"
#include "state/settings.h"

struct reloader {
    struct reload_setup setup;
    pthread_mutex_t lock;
    uint64_t asked, reached; /* tickets */
    struct load_result last;
    bool writes_good; /* under the lock, as the writing */
};

struct reloader *reloader_new(const struct reload_setup *setup)
{
    struct reloader *reloader = calloc(1, sizeof(*reloader));

    if (reloader == NULL)
        return NULL;
    reloader->setup = *setup;
    reloader->writes_good = setup->writes_last_good;
    pthread_mutex_init(&reloader->lock, NULL);
    return reloader;
}

void reloader_free(struct reloader **reloader)
{
    if (*reloader == NULL)
        return;
    load_result_free(&(*reloader)->last);
    pthread_mutex_destroy(&(*reloader)->lock);
    free(*reloader);
    *reloader = NULL;
}

/* --- what a reload cannot change ------------------------------------------------------------- */

static bool is_same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool is_same_texts(const struct config_texts *a, const struct config_texts *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (strcmp(a->at[i], b->at[i]) != 0)
            return false;
    }
    return a->count == b->count;
}

static void warn_unless(bool same, const char *setting)
{
    if (!same)
        log_write(LOG_LEVEL_WARNING, "%s has changed: that takes effect at the next start only",
                  setting);
}

static bool is_same_redis(const struct redis_settings *a, const struct redis_settings *b)
{
    return is_same_texts(&a->addresses, &b->addresses) && is_same_text(a->fleet, b->fleet) &&
           is_same_text(a->node, b->node) && is_same_text(a->user, b->user) &&
           is_same_text(a->password_file, b->password_file) && is_same_text(a->share, b->share) &&
           a->deadline_ms == b->deadline_ms;
}

/* Sockets and users are the parent's, who read the configuration once. */
static void warn_about_fixed(const struct config *was, const struct config *is)
{
    const struct socket_settings *old_sockets = config_settings(was, &milter_socket_table);
    const struct socket_settings *sockets = config_settings(is, &milter_socket_table);
    const struct general_settings *old_general = config_settings(was, &site_general_table);
    const struct general_settings *general = config_settings(is, &site_general_table);
    const struct control_settings *old_control = config_settings(was, &control_table);
    const struct control_settings *control = config_settings(is, &control_table);
    const struct state_settings *old_state = config_settings(was, &state_settings_table);
    const struct state_settings *state = config_settings(is, &state_settings_table);
    const struct redis_settings *old_redis = config_settings(was, &redis_settings_table);
    const struct redis_settings *redis = config_settings(is, &redis_settings_table);

    warn_unless(is_same_texts(&old_sockets->socket, &sockets->socket), "socket");
    warn_unless(is_same_text(old_sockets->mode, sockets->mode), "socket_mode");
    warn_unless(is_same_text(old_sockets->group, sockets->group), "socket_group");
    warn_unless(is_same_text(old_general->user, general->user), "user");
    warn_unless(is_same_text(old_control->socket, control->socket), "control.socket");
    warn_unless(is_same_text(old_state->directory, state->directory), "state.directory");
    warn_unless(is_same_text(old_control->read_group, control->read_group), "control.read_group");
    warn_unless(is_same_redis(old_redis, redis), "redis");
}

/* --- loading --------------------------------------------------------------------------------- */

static void follow_log_settings(const struct reloader *reloader, const struct site *site)
{
    log_set_level((enum log_level)site->log->level);
    if (reloader->setup.to_syslog && !log_open_syslog(NULL, site->log->facility))
        log_write(LOG_LEVEL_WARNING, "log.facility: \"%s\" is unknown; the one before stays",
                  site->log->facility);
}

static void print_faults(const struct config_report *report, struct buffer *out)
{
    for (size_t i = 0; i < config_report_size(report); i++) {
        const struct config_fault *fault = config_report_fault(report, i);
        buffer_printf(out, "%s: %s\n", fault->severity == CONFIG_ERROR ? "error" : "warning",
                      fault->text);
    }
}

/* Refused as the last time, for the same reasons? */
static bool is_known(struct reloader *reloader, const struct config_report *report)
{
    struct buffer faults = BUFFER_EMPTY;
    bool is_same;

    print_faults(report, &faults);
    pthread_mutex_lock(&reloader->lock);
    is_same = !reloader->last.is_taken && !buffer_has_failed(&faults) &&
              span_is_equal(buffer_span(&faults), buffer_span(&reloader->last.faults));
    pthread_mutex_unlock(&reloader->lock);
    buffer_free(&faults);
    return is_same;
}

static void remember(struct reloader *reloader, const struct config_report *report, bool is_taken,
                     uint64_t generation, uint64_t ticket)
{
    struct load_result result = {
        .is_taken = is_taken,
        .wall_s = clock_wall_s(reloader->setup.clock),
        .generation = generation,
        .errors = config_report_count(report, CONFIG_ERROR),
        .warnings = config_report_count(report, CONFIG_WARNING),
        .faults = BUFFER_EMPTY,
    };

    print_faults(report, &result.faults);
    pthread_mutex_lock(&reloader->lock);
    load_result_free(&reloader->last);
    reloader->last = result;
    reloader->reached = ticket;
    pthread_mutex_unlock(&reloader->lock);
}

/* `now`: what is in force, NULL at the start. */
static struct site *load(const struct reloader *reloader, const struct site *now,
                         struct config_report *report)
{
    return site_reload(reloader->setup.config_path, reloader->setup.tables, now, report);
}

static void keep_good(struct reloader *reloader, const struct site *site)
{
    pthread_mutex_lock(&reloader->lock);
    if (reloader->writes_good)
        last_good_write(reloader->setup.last_good_fd, config_kept(site->config));
    pthread_mutex_unlock(&reloader->lock);
}

void reloader_leave_good(struct reloader *reloader)
{
    pthread_mutex_lock(&reloader->lock);
    reloader->writes_good = false;
    pthread_mutex_unlock(&reloader->lock);
}

void reloader_keep_good(struct reloader *reloader, struct site_holder *holder)
{
    struct site *site = site_holder_get(holder);

    keep_good(reloader, site);
    site_unref(&site);
}

struct site *reloader_first(struct reloader *reloader, struct config_report *report)
{
    struct site *site = load(reloader, NULL, report);

    if (site != NULL) {
        follow_log_settings(reloader, site);
        keep_good(reloader, site);
    }
    remember(reloader, report, site != NULL, site != NULL ? site->generation : 0, 0);
    return site;
}

/* The result that is remembered stays that of the files on disk. */
struct site *reloader_last_good(struct reloader *reloader, struct config_report *report)
{
    struct buffer kept = BUFFER_EMPTY;
    struct site *site = NULL;

    if (last_good_read(reloader->setup.last_good_fd, &kept))
        site = site_load_kept(buffer_span(&kept), reloader->setup.tables, report);
    buffer_free(&kept);
    if (site != NULL)
        follow_log_settings(reloader, site);
    return site;
}

static uint64_t take(struct reloader *reloader, struct site_holder *holder, struct site *site)
{
    struct site *now;
    uint64_t generation;

    warn_about_fixed(reloader->setup.at_start, site->config);
    follow_log_settings(reloader, site);
    keep_good(reloader, site);
    site_holder_swap(holder, site);
    now = site_holder_get(holder);
    generation = now->generation;
    site_unref(&now);
    counter_add(COUNTER_RELOADS, 1);
    log_write(LOG_LEVEL_INFO, "reload: generation %" PRIu64 " in force", generation);
    return generation;
}

static uint64_t keep(struct site_holder *holder, const struct config_report *report)
{
    struct site *now = site_holder_get(holder);
    uint64_t generation = now->generation;

    site_unref(&now);
    counter_add(COUNTER_RELOADS_FAILED, 1);
    log_write(LOG_LEVEL_ERR, "reload: configuration not taken, %zu errors; the running one stays",
              config_report_count(report, CONFIG_ERROR));
    return generation;
}

bool reloader_run(struct reloader *reloader, struct site_holder *holder, bool is_retry)
{
    struct config_report *report = config_report_new();
    struct site *site, *now;
    uint64_t ticket, generation;
    bool is_taken;

    if (report == NULL) {
        log_write(LOG_LEVEL_ERR, "reload: out of memory; the running configuration stays");
        return false;
    }
    pthread_mutex_lock(&reloader->lock);
    ticket = reloader->asked; /* whoever asks from here on waits for the next one */
    pthread_mutex_unlock(&reloader->lock);
    now = site_holder_get(holder);
    site = load(reloader, now, report);
    site_unref(&now);
    is_taken = site != NULL;
    if (is_retry && !is_taken && is_known(reloader, report)) {
        config_report_free(&report);
        return false;
    }
    faults_log(report);
    generation = is_taken ? take(reloader, holder, site) : keep(holder, report);
    remember(reloader, report, is_taken, generation, ticket);
    config_report_free(&report);
    return is_taken;
}

uint64_t reloader_ask(struct reloader *reloader)
{
    uint64_t ticket;

    pthread_mutex_lock(&reloader->lock);
    ticket = ++reloader->asked;
    pthread_mutex_unlock(&reloader->lock);
    return ticket;
}

uint64_t reloader_reached(struct reloader *reloader)
{
    uint64_t reached;

    pthread_mutex_lock(&reloader->lock);
    reached = reloader->reached;
    pthread_mutex_unlock(&reloader->lock);
    return reached;
}

bool reloader_last(struct reloader *reloader, struct load_result *result_r)
{
    pthread_mutex_lock(&reloader->lock);
    *result_r = reloader->last;
    result_r->faults = BUFFER_EMPTY;
    buffer_add_span(&result_r->faults, buffer_span(&reloader->last.faults));
    pthread_mutex_unlock(&reloader->lock);
    if (!buffer_has_failed(&result_r->faults))
        return true;
    load_result_free(result_r);
    return false;
}
