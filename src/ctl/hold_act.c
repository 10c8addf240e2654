/*
 * hold_act: the tool's words are not believed: what it was asked for has been done when the message
 * is in the quarantine no more.
 */
#include "ctl/hold_act.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/audit.h"
#include "ctl/print.h"
#include "util/json.h"

#define IDS_A_LINE 20 /* of the log */

struct acting {
    struct ctl *ctl;
    const struct hold_deed *deed;
    struct hold_set set;
    struct hold_choice choice;
    struct hold_ids ids;    /* those to be acted on; they were there a moment ago */
    struct hold_ids absent; /* named, and not there */
    struct hold_ids done, left;
};

/* --- which ----------------------------------------------------------------------------------- */

static bool ids_are_good(struct ctl *ctl, const struct ctl_args *args)
{
    for (size_t i = 0; i < args->operand_count; i++) {
        if (!queue_id_is_good(span_of(args->operands[i]))) {
            ctl_fail(ctl, CTL_USAGE, "%s is no queue id", args->operands[i]);
            return false;
        }
    }
    return true;
}

static bool usage_is_good(struct ctl *ctl, const struct ctl_args *args, struct acting *acting)
{
    bool has_choice;

    if (!hold_choice_read(ctl, args, &acting->choice) || !ids_are_good(ctl, args))
        return false;
    has_choice = hold_choice_has_any(&acting->choice) || args_has(args, "all");
    if ((args->operand_count > 0) != has_choice)
        return true;
    ctl_fail(ctl, CTL_USAGE, "%s",
             has_choice ? "either queue ids or a choice, not both"
                        : "which? queue ids, --user NAME, --rule FINDING, --sender ADDRESS, "
                          "--since WHEN, or --all");
    return false;
}

/* Named ones may be of others, too: whoever holds the tool may do that anyway. */
static void gather(struct acting *acting, const struct ctl_args *args)
{
    const struct hold_set *set = &acting->set;

    for (size_t i = 0; i < args->operand_count; i++) {
        struct span id = span_of(args->operands[i]);
        hold_ids_add(hold_ids_has(&set->there, id) ? &acting->ids : &acting->absent, id);
    }
    for (size_t i = 0; i < set->count && args->operand_count == 0; i++) {
        if (hold_choice_fits(&acting->choice, &set->at[i]) &&
            hold_ids_has(&set->there, set->at[i].queue_id))
            hold_ids_add(&acting->ids, set->at[i].queue_id);
    }
    hold_ids_sort(&acting->ids);
    hold_ids_sort(&acting->absent);
}

/* --- the deed -------------------------------------------------------------------------------- */

static void audit(const struct acting *acting)
{
    const struct hold_ids *done = &acting->done;
    const char *sudo = getenv("SUDO_USER");

    for (size_t from = 0; from < done->count; from += IDS_A_LINE) {
        struct buffer line = BUFFER_EMPTY;
        for (size_t i = from; i < from + IDS_A_LINE && i < done->count; i++)
            buffer_printf(&line, " %s", done->at[i]);
        audit_tell(acting->ctl, acting->set.site, "hold: %s by uid %u%s%.64s%s:%s",
                   acting->deed->past, (unsigned)getuid(), sudo != NULL ? " (sudo " : "",
                   sudo != NULL ? sudo : "", sudo != NULL ? ")" : "", buffer_text(&line));
        buffer_free(&line);
    }
}

/* False: *error. */
static bool act(struct acting *acting, struct error *error)
{
    struct hold_set *set = &acting->set;
    struct hold_ids after = { NULL, 0, 0, false };
    struct error tool = { "" };
    bool is_good = acting->deed->is_final ? set->queue->remove(set->settings, &acting->ids, &tool)
                                          : set->queue->release(set->settings, &acting->ids, &tool);

    if (!set->queue->list(set->settings, &after, error)) {
        hold_ids_free(&after);
        return false;
    }
    for (size_t i = 0; i < acting->ids.count; i++) {
        struct span id = span_of(acting->ids.at[i]);
        if (hold_ids_has(&after, id)) {
            hold_ids_add(&acting->left, id);
        } else {
            hold_ids_add(&acting->done, id);
            is_good = acting->deed->done(set->store, id) && is_good;
        }
    }
    hold_ids_free(&after);
    audit(acting);
    if (!is_good && tool.text[0] != '\0')
        *error = tool;
    else if (!is_good)
        error_set(error, "the store cannot be written to; egressctl hold list puts it right");
    return is_good;
}

/* --- what is told ---------------------------------------------------------------------------- */

static void json_ids(struct json *json, const char *name, const struct hold_ids *ids)
{
    json_open(json, name, '[');
    for (size_t i = 0; i < ids->count; i++)
        json_text(json, NULL, span_of(ids->at[i]));
    json_close(json, ']');
}

static void tell_json(const struct acting *acting, bool is_done)
{
    struct json json = json_new(&acting->ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    json_bool(&json, "done", is_done);
    if (!is_done)
        json_ids(&json, "chosen", &acting->ids);
    json_ids(&json, acting->deed->past, &acting->done);
    json_ids(&json, "left", &acting->left);
    json_ids(&json, "absent", &acting->absent);
    json_close(&json, '}');
    buffer_add_char(&acting->ctl->out, '\n');
}

static void text_ids(struct buffer *out, const struct hold_ids *ids, const char *what)
{
    for (size_t i = 0; i < ids->count; i++)
        buffer_printf(out, "%s %s\n", ids->at[i], what);
}

static enum ctl_exit tell_done(const struct acting *acting)
{
    struct ctl *ctl = acting->ctl;

    if (ctl->is_json) {
        tell_json(acting, true);
    } else {
        text_ids(&ctl->out, &acting->done, acting->deed->past);
        text_ids(&ctl->out, &acting->left, "is still held");
        text_ids(&ctl->out, &acting->absent, "is not held");
        buffer_printf(&ctl->out, "%zu %s\n", acting->done.count, acting->deed->past);
    }
    return acting->left.count + acting->absent.count > 0 ? CTL_NO : CTL_GOOD;
}

static enum ctl_exit tell_asked(const struct acting *acting)
{
    struct ctl *ctl = acting->ctl;

    if (ctl->is_json)
        tell_json(acting, false);
    else
        text_ids(&ctl->out, &acting->ids, "is held");
    return ctl_fail(ctl, CTL_NO, "nothing was done: %zu messages would be %s; --yes does it",
                    acting->ids.count, acting->deed->past);
}

/* --- the command ----------------------------------------------------------------------------- */

static enum ctl_exit run(struct acting *acting, const struct ctl_args *args)
{
    struct ctl *ctl = acting->ctl;
    struct error error = { "" };
    bool asks = args->operand_count == 0 || acting->deed->is_final;

    if (!hold_set_compare(ctl, &acting->set, &error))
        return ctl_fail(ctl, CTL_UNREACHABLE, "%s", error.text);
    gather(acting, args);
    if (acting->ids.failed || acting->absent.failed)
        return ctl_fail(ctl, CTL_INTERNAL, "out of memory");
    if (asks && !args_has(args, "yes"))
        return tell_asked(acting);
    if (acting->ids.count > 0 && !act(acting, &error)) {
        tell_done(acting);
        return ctl_fail(ctl, CTL_UNREACHABLE, "%s", error.text);
    }
    return tell_done(acting);
}

enum ctl_exit hold_act_run(struct ctl *ctl, const struct ctl_args *args,
                           const struct hold_deed *deed)
{
    struct acting acting = { .ctl = ctl, .deed = deed };
    enum ctl_exit code = CTL_USAGE;

    if (!usage_is_good(ctl, args, &acting))
        return code;
    if (hold_set_open(ctl, &acting.set, &code))
        code = run(&acting, args);
    hold_set_close(&acting.set);
    hold_ids_free(&acting.ids);
    hold_ids_free(&acting.absent);
    hold_ids_free(&acting.done);
    hold_ids_free(&acting.left);
    return code;
}
