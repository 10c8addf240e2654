/*
 * hold show: one held message: our record, and its header where the mail server gives it.
 */
#include <inttypes.h>

#include "ctl/commands.h"
#include "ctl/hold_print.h"
#include "ctl/hold_set.h"
#include "ctl/print.h"

#define HEADER_LINE_MAX 2000

static void add_line(struct ctl *ctl, const char *label, struct span value)
{
    print_label(ctl, &ctl->out, label);
    print_escaped(&ctl->out, value, 1000);
    buffer_add_char(&ctl->out, '\n');
}

static void tell_text(struct ctl *ctl, const struct held *held, const struct buffer *header)
{
    struct span rest = buffer_span(header), line;
    char time[HOLD_TIME_MAX];

    if (held != NULL) {
        hold_print_time(ctl->clock, held->held_s, time);
        add_line(ctl, "held", span_of(time));
        add_line(ctl, "user", held->principal);
        add_line(ctl, "class", held->mail_class);
        add_line(ctl, "rule", held->finding);
        add_line(ctl, "reason", held->reason);
        add_line(ctl, "sender", held->sender);
        add_line(ctl, "Message-ID", held->message_id);
        print_label(ctl, &ctl->out, "recipients");
        buffer_printf(&ctl->out, "%" PRIu64 "\n", held->recipients);
        print_label(ctl, &ctl->out, "size");
        buffer_printf(&ctl->out, "%" PRIu64 " octets\n", held->size_bytes);
    }
    if (rest.size > 0)
        buffer_add_char(&ctl->out, '\n');
    while (rest.size > 0 && span_cut(&rest, '\n', &line)) {
        print_escaped(&ctl->out, line, HEADER_LINE_MAX);
        buffer_add_char(&ctl->out, '\n');
    }
}

static void tell_json(struct ctl *ctl, const char *id, const struct held *held,
                      const struct buffer *header)
{
    struct json json = json_new(&ctl->out);

    json_open(&json, NULL, '{');
    json_number(&json, "schema", 1);
    if (held != NULL)
        hold_json_record(&json, held);
    else
        json_text(&json, "id", span_of(id));
    json_bool(&json, "ours", held != NULL);
    json_text(&json, "header", buffer_span(header));
    json_close(&json, '}');
    buffer_add_char(&ctl->out, '\n');
}

static enum ctl_exit show(struct ctl *ctl, const struct hold_set *set, const char *id)
{
    const struct held *held = hold_set_find(set, span_of(id));
    struct buffer header = BUFFER_EMPTY;
    struct error error = { "" };
    bool has_header = set->queue->header(set->settings, id, &header, &error);
    enum ctl_exit code = CTL_GOOD;

    if (held == NULL && !has_header) {
        code = ctl_fail(ctl, CTL_NO, "%s is not known to be held: %s", id, error.text);
    } else if (ctl->is_json) {
        tell_json(ctl, id, held, &header);
    } else {
        tell_text(ctl, held, &header);
    }
    if (held != NULL && !has_header)
        code =
            ctl_fail(ctl, CTL_WARNING, "the mail server does not give its header: %s", error.text);
    buffer_free(&header);
    return code;
}

static enum ctl_exit hold_show_run(struct ctl *ctl, const struct ctl_args *args)
{
    const char *id = args->operands[0];
    struct hold_set set;
    enum ctl_exit code;

    if (!queue_id_is_good(span_of(id)))
        return ctl_fail(ctl, CTL_USAGE, "%s is no queue id", id);
    if (hold_set_open(ctl, &set, &code))
        code = show(ctl, &set, id);
    hold_set_close(&set);
    return code;
}

const struct ctl_command cmd_hold_show = {
    .name = "hold show",
    .operands = "ID",
    .operands_min = 1,
    .operands_max = 1,
    .brief = "one held message: why, and its header",
    .run = hold_show_run,
};
