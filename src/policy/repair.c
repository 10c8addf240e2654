/*
 * repair: which of the edits a check proposed are made. None on mail of lists and forwarders, and
 * none of a field that somebody else's signature names, for it would break: each edit of a repair
 * is judged by itself. Edits of one name stand together in a repair.
 */
#include "policy/policy_private.h"

/* The value of h= in a signature's tag list, white space included; absent: there is none. Lenient:
 * others may read what we would not (RFC 6376 3.2, RFC 8617 4.1.2). */
static struct span signed_names(struct span tags)
{
    struct span tag, name;
    while (span_cut(&tags, ';', &tag)) {
        struct span value = tag;
        if (span_cut(&value, '=', &name) && value.at != NULL &&
            span_is_equal_nocase(span_trim(name), SPAN("h"))) {
            return value;
        }
    }
    return (struct span){ NULL, 0 };
}

static bool names_field(struct span names, struct span wanted)
{
    struct span name;
    while (span_cut(&names, ':', &name)) {
        if (span_is_equal_nocase(span_trim(name), wanted)) {
            return true;
        }
    }
    return false;
}

static bool is_named_by(const struct header_list *headers, const struct header_field *signature,
                        struct span field_name)
{
    for (; signature != NULL; signature = header_next(headers, signature)) {
        if (names_field(signed_names(signature->value), field_name)) {
            return true;
        }
    }
    return false;
}

/* A signature of somebody else that covers the field, even its absence, would break; so would the
 * newest of an ARC chain. */
static bool is_signed_by_others(const struct job *job, struct span field_name)
{
    const struct header_list *headers = &job->message.headers;
    return is_named_by(headers, header_first(headers, HEADER_DKIM_SIGNATURE), field_name) ||
           is_named_by(headers, header_find(headers, SPAN("ARC-Message-Signature")), field_name);
}

/* The first from here on that may be made. */
static const struct edit *find_possible(const struct job *job, const struct edit *edit)
{
    while (edit != NULL && is_signed_by_others(job, edit->name)) {
        struct span name = edit->name;
        while (edit != NULL && span_is_equal_nocase(edit->name, name)) {
            edit = edit->next;
        }
    }
    return edit;
}

static const struct edit *next_possible(const struct job *job, const struct edit *edit)
{
    const struct edit *next = edit->next;
    bool is_judged = next != NULL && span_is_equal_nocase(next->name, edit->name);
    return is_judged ? next : find_possible(job, next);
}

bool repair_is_possible(const struct job *job, const struct finding *finding)
{
    return job->mail_class != CLASS_LIST && job->mail_class != CLASS_FORWARD &&
           find_possible(job, finding->repair) != NULL;
}

void repair_take(struct job *job)
{
    for (const struct finding *f = job->findings.first; f != NULL; f = f->next) {
        const struct edit *edit = f->action == ACTION_REPAIR ? find_possible(job, f->repair) : NULL;
        for (; edit != NULL; edit = next_possible(job, edit)) {
            edit_add(&job->verdict.edits, job->arena, edit->kind, edit->name, edit->value,
                     edit->instance);
        }
    }
}
