/*
 * content: who reads the content of a message's parts while they stream by. Each reader is added
 * here, before the first part begins, and its result goes into the evidence by whoever asks for it.
 */
#include "policy/policy_private.h"

#include "checks/attachments.h"
#include "limits/ledger.h"

/* Where a list is asked about them. In memory of their own: what a body points to must not make a
 * message one that is too large. */
static void read_links(struct job *job)
{
    if (!list_zones_use(job->site->lists, LIST_USE_LINKS)) {
        return;
    }
    job->links_arena = arena_new_within(job->world->memory, LINKS_MEMORY_MAX);
    job->links = job->links_arena != NULL ? links_new(job->links_arena) : NULL;
    if (job->links != NULL) {
        struct content_reader reader = links_reader(job->links);
        content_tap_add(&job->content, &reader);
    }
}

/* Without memory for it nothing is known of attachments, which is never bad. */
static void open_attachments(struct job *job)
{
    struct attachment_extensions own = check_attachment_extensions(job->site->config);
    job->attachments = attachment_reader_new(&own, job->world->memory);
    if (job->attachments != NULL) {
        content_tap_add(&job->content, attachment_reader_content(job->attachments));
    }
}

/* Where behaviour is watched. The key is the store's, so that nobody can make two texts one. */
static void read_gist(struct job *job)
{
    if (job->world->store == NULL || job->world->books.ledger == NULL) {
        return;
    }
    job->gist = arena_alloc(job->arena, sizeof(*job->gist));
    if (job->gist != NULL) {
        struct content_reader reader = gist_reader(job->gist);
        gist_init(job->gist, ledger_fingerprint(job->world->books.ledger, SPAN("gist")));
        content_tap_add(&job->content, &reader);
    }
}

const struct mime_handler *content_open(struct job *job)
{
    content_tap_init(&job->content);
    read_links(job);
    open_attachments(job);
    read_gist(job);
    return content_tap_handler(&job->content);
}
