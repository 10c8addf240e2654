/*
 * maillog_fit: which files are followed, and under which names mail servers write there, by the
 * configuration. After a reload that changed any of it all begins again, from the places kept; what
 * did not change goes on.
 */
#include "watch/maillog_private.h"

#include <stdlib.h>
#include <string.h>

#include "config/config.h"

void maillog_job_clear(struct maillog_job *job)
{
    for (size_t i = 0; i < job->file_count; i++) {
        maillog_source_free(&job->files[i].source);
    }
    free(job->files);
    job->files = NULL;
    job->file_count = 0;
    maillog_join_free(&job->join);
    for (size_t list = 0, i = 0; job->texts != NULL && list < 3; i++) {
        list += job->texts[i] == NULL;
        free(job->texts[i]);
    }
    free(job->texts);
    job->texts = NULL;
    job->names = (struct maillog_names){ NULL, NULL };
}

/* --- copies of the lists --------------------------------------------------------------------- */

static const struct config_texts *list_of(const struct feedback_settings *settings, size_t list)
{
    return list == 0 ? &settings->log : list == 1 ? &settings->postfix : &settings->sendmail;
}

/* The lists one after the other, each ended by NULL. */
static bool texts_copy(struct maillog_job *job, const struct feedback_settings *settings)
{
    size_t count = settings->log.count + settings->postfix.count + settings->sendmail.count + 3;
    size_t at = 0;
    job->texts = calloc(count, sizeof(char *));
    if (job->texts == NULL) {
        return false;
    }
    for (size_t list = 0; list < 3; list++, at++) {
        const struct config_texts *texts = list_of(settings, list);
        for (size_t i = 0; i < texts->count; i++) {
            job->texts[at] = strdup(texts->at[i]);
            if (job->texts[at++] == NULL) {
                return false;
            }
        }
    }
    return true;
}

static bool texts_are_same(const struct maillog_job *job, const struct feedback_settings *settings)
{
    size_t at = 0;
    if (job->texts == NULL) {
        return false;
    }
    for (size_t list = 0; list < 3; list++, at++) {
        const struct config_texts *texts = list_of(settings, list);
        for (size_t i = 0; i < texts->count; i++, at++) {
            if (job->texts[at] == NULL || strcmp(job->texts[at], texts->at[i]) != 0) {
                return false;
            }
        }
        if (job->texts[at] != NULL) {
            return false;
        }
    }
    return true;
}

/* --- building -------------------------------------------------------------------------------- */

static bool file_begin(const struct maillog_job *job, struct maillog_file *file, char *path)
{
    const struct watch_setup *setup = watch_setup_of(job->watch);
    file->path = path;
    if (maillog_record_get(setup->store, path, &file->record) != STORE_FOUND) {
        file->record.since_s = clock_wall_s(setup->clock);
    }
    file->source = maillog_source_new(
        path, file->record.place[0] != '\0' ? file->record.place : NULL, MAILLOG_SILENT_BYTES);
    return file->source != NULL;
}

static bool build(struct maillog_job *job, const struct feedback_settings *settings)
{
    const char *const *texts;
    job->lifetime_s = settings->lifetime_s;
    job->messages = settings->messages;
    job->join = maillog_join_new((size_t)settings->messages, settings->lifetime_s,
                                 maillog_take_outcome, job);
    job->files = calloc(settings->log.count, sizeof(*job->files));
    if (job->join == NULL || job->files == NULL || !texts_copy(job, settings)) {
        return false;
    }
    texts = (const char *const *)job->texts + settings->log.count + 1;
    job->names.postfix = settings->postfix.count > 0 ? texts : NULL;
    texts += settings->postfix.count + 1;
    job->names.sendmail = settings->sendmail.count > 0 ? texts : NULL;
    for (size_t i = 0; i < settings->log.count; i++) {
        job->file_count++;
        if (!file_begin(job, &job->files[i], job->texts[i])) {
            return false;
        }
    }
    return true;
}

/* Logs that are no longer named are forgotten. */
struct pruning {
    const struct feedback_settings *settings;
    char unwanted[STORE_KEY_MAX + 1];
};

static bool note_unwanted(struct span key, struct span value, void *context)
{
    struct pruning *pruning = context;
    (void)value;
    for (size_t i = 0; i < pruning->settings->log.count; i++) {
        if (span_is_equal(key, span_of(pruning->settings->log.at[i]))) {
            return true;
        }
    }
    key = span_first(key, STORE_KEY_MAX);
    memcpy(pruning->unwanted, key.at, key.size);
    pruning->unwanted[key.size] = '\0';
    return false;
}

static void prune(struct maillog_job *job, const struct feedback_settings *settings)
{
    struct store *store = watch_setup_of(job->watch)->store;
    struct pruning pruning = { .settings = settings };
    do {
        pruning.unwanted[0] = '\0';
        store_walk(store, STORE_MAILLOG, SPAN(""), note_unwanted, &pruning);
    } while (pruning.unwanted[0] != '\0' &&
             store_remove(store, STORE_MAILLOG, span_of(pruning.unwanted)));
}

bool maillog_job_fit(struct maillog_job *job)
{
    const struct feedback_settings *settings = config_settings(job->site->config, &feedback_table);
    if (job->generation == job->site->generation) {
        return job->file_count > 0;
    }
    job->generation = job->site->generation;
    if (texts_are_same(job, settings) && job->lifetime_s == settings->lifetime_s &&
        job->messages == settings->messages) {
        return job->file_count > 0;
    }
    maillog_job_clear(job);
    prune(job, settings);
    if (settings->log.count == 0) {
        return false;
    }
    if (!build(job, settings)) {
        maillog_job_clear(job);
        job->generation = 0; /* next time */
        return false;
    }
    return true;
}
