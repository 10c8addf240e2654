/* The commands of a script. See script.h. */
#include "script.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "script_exchange.h"
#include "script_words.h"

/* --- macros and envelope ----------------------------------------------- */

static bool do_macro(struct script *script, const struct words *words)
{
    return mta_macros_set(&script->macros, words->word[1].data,
                          words->count > 2 ? words->word[2].data : NULL, MTA_STAGES_ALL);
}

static bool do_negotiate(struct script *script, const struct words *words)
{
    unsigned long actions = WIRE_ACTIONS_POSTFIX;
    unsigned long steps = WIRE_STEPS_POSTFIX;
    unsigned long version = WIRE_VERSION;

    if ((words->count > 1 && !words_read_number(words->word[1], &actions)) ||
        (words->count > 2 && !words_read_number(words->word[2], &steps)) ||
        (words->count > 3 && !words_read_number(words->word[3], &version)))
        script->status = 2;
    return script->status == 0 && script_connect(script) &&
           script_negotiate(script, (uint32_t)version, (uint32_t)actions, (uint32_t)steps);
}

static bool do_connect(struct script *script, const struct words *words)
{
    const char *address = words->count > 2 ? words->word[2].data : "";
    unsigned long port = 50123;
    char family = !*address ? 'U' : *address == '/' ? 'L' : strchr(address, ':') ? '6' : '4';
    struct wire_buffer frame = { 0 };
    bool done;

    if (words->count > 3 && !words_read_number(words->word[3], &port)) {
        script->status = 2;
        return false;
    }
    wire_put_connect(&frame, words->word[1].data, family, (uint16_t)port, address);
    done = script_event(script, WIRE_CONNECT, frame.data + 5, frame.length - 5, NULL);
    wire_buffer_free(&frame);
    return done;
}

static bool do_helo(struct script *script, const struct words *words)
{
    return script_event(script, WIRE_HELO, words->word[1].data, words->word[1].length + 1, NULL);
}

/* The words from the second on, each with its NUL, as MAIL and RCPT carry them. */
static bool send_envelope(struct script *script, enum wire_command event, const struct words *words)
{
    struct wire_buffer data = { 0 };
    bool done;

    for (size_t i = 1; i < words->count; i++)
        wire_add_text(&data, words->word[i].data, words->word[i].length);
    done = script_event(script, event, data.data, data.length, NULL);
    wire_buffer_free(&data);
    return done;
}

/* <a@b> or a@b to a@b, as the address macros have it. */
static void copy_bare_address(const char *address, char *bare, size_t size)
{
    size_t length = strlen(address);

    if (length >= 2 && address[0] == '<' && address[length - 1] == '>')
        address++, length -= 2;
    snprintf(bare, size, "%.*s", (int)length, address);
}

static bool do_mail(struct script *script, const struct words *words)
{
    char bare[1024];
    char id[32];

    copy_bare_address(words->word[1].data, bare, sizeof bare);
    mta_macros_set_sender(&script->macros, bare);
    snprintf(id, sizeof id, "4Xk2vScript%u", ++script->messages);
    mta_macros_set_queue_id(&script->macros, id);
    script->accepted_recipients = 0;
    script->is_message_over = script->is_body_skipped = false;
    script_mail_clear(&script->mail);
    return send_envelope(script, WIRE_MAIL, words);
}

static bool do_rcpt(struct script *script, const struct words *words)
{
    char bare[1024];

    copy_bare_address(words->word[1].data, bare, sizeof bare);
    mta_macros_set_recipient(&script->macros, bare);
    return send_envelope(script, WIRE_RCPT, words);
}

static bool do_rcpts(struct script *script, const struct words *words)
{
    struct tally tally = { 0 };
    unsigned long count;
    char bare[1024];
    bool done = words_read_number(words->word[1], &count);

    script->status = done ? script->status : 2;
    copy_bare_address(words->word[2].data, bare, sizeof bare);
    for (unsigned long i = 0; done && i < count; i++) {
        char address[1100];

        snprintf(address, sizeof address, "<r%lu.%s>", i, bare);
        address[strlen(address) - 1] = 0;
        mta_macros_set_recipient(&script->macros, address + 1);
        address[strlen(address)] = '>';
        done = script_event(script, WIRE_RCPT, address, strlen(address) + 1, &tally);
    }
    tally_print("rcpts", &tally);
    return done;
}

/* --- the message ------------------------------------------------------- */

static bool send_field(struct script *script, struct wire_text name, struct wire_text value,
                       struct tally *tally)
{
    struct wire_buffer data = { 0 };
    bool has_space = script->offer.steps & WIRE_HEADER_LEADING_SPACE;
    size_t eaten = !has_space && value.length && value.data[0] == ' ';
    bool done;

    wire_add_text(&data, name.data, name.length);
    wire_add_text(&data, value.data + eaten, value.length - eaten);
    done = script_event(script, WIRE_HEADER, data.data, data.length, tally);
    wire_buffer_free(&data);
    return done;
}

static bool add_field(struct script *script, struct wire_text name, struct wire_text value,
                      bool as_is, struct tally *tally)
{
    struct wire_buffer spaced = { 0 };
    bool done;

    if (!script_ensure_session(script))
        return false;
    wire_add_bytes(&spaced, " ", as_is ? 0 : 1);
    wire_add_bytes(&spaced, value.data, value.length);
    value = (struct wire_text){ spaced.data, spaced.length };
    done = script_mail_add_field(&script->mail, script->mail.fields, name, value) &&
           send_field(script, name, value, tally);
    wire_buffer_free(&spaced);
    return done;
}

static bool do_header(struct script *script, const struct words *words)
{
    return add_field(script, words->word[1], words->word[2], false, NULL);
}

static bool do_header_as_is(struct script *script, const struct words *words)
{
    return add_field(script, words->word[1], words->word[2], true, NULL);
}

static bool do_headers(struct script *script, const struct words *words)
{
    struct tally tally = { 0 };
    unsigned long count;
    bool done = words_read_number(words->word[1], &count);

    script->status = done ? script->status : 2;
    for (unsigned long i = 0; done && i < count; i++)
        done = add_field(script, words->word[2], words->word[3], false, &tally);
    tally_print("headers", &tally);
    return done;
}

static bool do_header_fill(struct script *script, const struct words *words)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz";
    struct wire_buffer value = { 0 };
    unsigned long bytes;
    bool done = words_read_number(words->word[2], &bytes);

    if (!done) {
        script->status = 2;
        return false;
    }
    for (unsigned long i = 0; i < bytes; i++)
        wire_add_bytes(&value, &letters[i % 26], 1);
    done = add_field(script, words->word[1], (struct wire_text){ value.data, value.length }, false,
                     NULL);
    wire_buffer_free(&value);
    return done;
}

static bool send_body(struct script *script, struct wire_text body, struct tally *tally)
{
    bool done = true;

    while (done && body.length) {
        size_t length = body.length < WIRE_BODY_CHUNK_BYTES ? body.length : WIRE_BODY_CHUNK_BYTES;

        done = script_event(script, WIRE_BODY, body.data, length, tally);
        body.data += length;
        body.length -= length;
    }
    return done;
}

static bool add_body(struct script *script, struct wire_text text)
{
    struct tally tally = { 0 };
    bool done;

    wire_add_bytes(&script->mail.body, text.data, text.length);
    done = send_body(script, text, &tally);
    tally_print("body", &tally);
    return done;
}

static bool do_body(struct script *script, const struct words *words)
{
    return add_body(script, words->word[1]);
}

static bool do_body_fill(struct script *script, const struct words *words)
{
    static const char *const kinds[] = { "text", "base64", "spaces" };
    unsigned long bytes;
    size_t kind = 0;
    char *body = NULL;
    bool done;

    while (words->count > 2 && kind < 3 && strcmp(words->word[2].data, kinds[kind]) != 0)
        kind++;
    if (kind < 3 && words_read_number(words->word[1], &bytes))
        body = load_body_new((enum load_body)kind, bytes);
    if (!body) {
        script->status = 2;
        return false;
    }
    done = add_body(script, (struct wire_text){ body, bytes });
    free(body);
    return done;
}

static bool end_message(struct script *script, const char *result)
{
    if (!script_event(script, WIRE_END_OF_MESSAGE, "", 0, NULL))
        return false;
    script->is_message_over = true;
    if (result && !script_mail_write(&script->mail, result)) {
        script->status = 1;
        return false;
    }
    return true;
}

static bool do_eom(struct script *script, const struct words *words)
{
    return end_message(script, words->count > 1 ? words->word[1].data : NULL);
}

static bool send_message(struct script *script, const char *path, const char *result, bool is_raw)
{
    struct tally headers = { 0 };
    struct tally body = { 0 };
    bool done;

    if (!script_mail_read(&script->mail, path, is_raw)) {
        script->status = 1;
        return false;
    }
    done = script_ensure_session(script);
    for (size_t i = 0; done && i < script->mail.fields; i++) {
        const struct mail_field *field = &script->mail.field[i];

        done = send_field(script, (struct wire_text){ field->name, field->name_length },
                          (struct wire_text){ field->value, field->value_length }, &headers);
    }
    tally_print("headers", &headers);
    if (!done || !script_event(script, WIRE_END_OF_HEADERS, "", 0, NULL))
        return false;
    done = send_body(script, (struct wire_text){ script->mail.body.data, script->mail.body.length },
                     &body);
    tally_print("body", &body);
    return done && end_message(script, result);
}

static bool do_message(struct script *script, const struct words *words)
{
    bool is_raw = strcmp(words->word[0].data, "message-raw") == 0;

    return send_message(script, words->word[1].data, words->count > 2 ? words->word[2].data : NULL,
                        is_raw);
}

/* --- the rest ---------------------------------------------------------- */

static bool do_data(struct script *script, const struct words *words)
{
    (void)words;
    return script_event(script, WIRE_DATA, "", 0, NULL);
}

static bool do_eoh(struct script *script, const struct words *words)
{
    (void)words;
    return script_event(script, WIRE_END_OF_HEADERS, "", 0, NULL);
}

static bool do_unknown(struct script *script, const struct words *words)
{
    return script_event(script, WIRE_UNKNOWN, words->word[1].data, words->word[1].length + 1, NULL);
}

static bool do_frame(struct script *script, const struct words *words)
{
    struct wire_text text = words->count > 2 ? words->word[2] : (struct wire_text){ "", 0 };

    return script_frame(script, words->word[1].data[0], words->word[1].data[1] == '?', text.data,
                        text.length);
}

static bool do_abort(struct script *script, const struct words *words)
{
    (void)words;
    script->is_message_over = false;
    return script_frame(script, WIRE_ABORT, false, "", 0);
}

static bool do_leave(struct script *script, const struct words *words)
{
    script_disconnect(script, strcmp(words->word[0].data, "quit") == 0);
    return true;
}

static bool do_obey(struct script *script, const struct words *words)
{
    unsigned long patience_ms = 1000;

    if (words->count > 2 && !words_read_number(words->word[2], &patience_ms)) {
        script->status = 2;
        return false;
    }
    script->is_free = strcmp(words->word[1].data, "no") == 0;
    script->patience_ms = (unsigned)patience_ms;
    return script_set_patience(script);
}

static const struct {
    const char *name;
    size_t words_min;
    size_t words_max;
    bool (*run)(struct script *script, const struct words *words);
} commands[] = {
    { "macro", 2, 3, do_macro },
    { "negotiate", 1, 4, do_negotiate },
    { "connect", 2, 4, do_connect },
    { "helo", 2, 2, do_helo },
    { "mail", 2, WORDS_MAX, do_mail },
    { "rcpt", 2, WORDS_MAX, do_rcpt },
    { "rcpts", 3, 3, do_rcpts },
    { "data", 1, 1, do_data },
    { "header", 3, 3, do_header },
    { "header-as-is", 3, 3, do_header_as_is },
    { "headers", 4, 4, do_headers },
    { "header-fill", 3, 3, do_header_fill },
    { "eoh", 1, 1, do_eoh },
    { "body", 2, 2, do_body },
    { "body-fill", 2, 3, do_body_fill },
    { "eom", 1, 2, do_eom },
    { "message", 2, 3, do_message },
    { "message-raw", 2, 3, do_message },
    { "unknown", 2, 2, do_unknown },
    { "frame", 2, 3, do_frame },
    { "abort", 1, 1, do_abort },
    { "quit", 1, 1, do_leave },
    { "drop", 1, 1, do_leave },
    { "obey", 2, 3, do_obey },
};

static bool run_words(struct script *script, const struct words *words)
{
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, words->word[0].data) == 0) {
            if (words->count < commands[i].words_min || words->count > commands[i].words_max)
                break;
            return commands[i].run(script, words);
        }
    script->status = 2;
    return false;
}

/* --- running ----------------------------------------------------------- */

bool script_add_recipient(struct script *script, const char *address)
{
    if (script->recipients == SCRIPT_LIST_MAX)
        return false;
    script->recipient[script->recipients++] = address;
    return true;
}

bool script_add_macro(struct script *script, const char *name_and_value)
{
    if (script->macros_given == SCRIPT_LIST_MAX || !strchr(name_and_value, '='))
        return false;
    script->macro[script->macros_given++] = name_and_value;
    return true;
}

static bool start(struct script *script)
{
    script->fd = -1;
    mta_macros_init(&script->macros, script->plan->kind);
    script->has_macros = true;
    for (size_t i = 0; i < script->macros_given; i++) {
        const char *equals = strchr(script->macro[i], '=');
        char name[128];

        snprintf(name, sizeof name, "%.*s", (int)(equals - script->macro[i]), script->macro[i]);
        if (!mta_macros_set(&script->macros, name, equals[1] ? equals + 1 : NULL, MTA_STAGES_ALL))
            return false;
    }
    return true;
}

int script_run_file(struct script *script, const char *path)
{
    FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
    char *line = NULL;
    size_t size = 0;
    unsigned number = 0;
    bool going = file != NULL;

    if (!file) {
        fprintf(stderr, "mtaload: %s: %s\n", path, strerror(errno));
        return 1;
    }
    going = start(script);
    while (going && getline(&line, &size, file) > 0) {
        struct words words;

        number++;
        if (!words_split(line, &words))
            script->status = 2, going = false;
        else if (words.count)
            going = run_words(script, &words);
        if (script->status == 2)
            fprintf(stderr, "mtaload: %s:%u: not understood\n", path, number);
        fflush(stdout);
    }
    free(line);
    if (file != stdin)
        fclose(file);
    return script->status;
}

/* Runs one command put together here. */
static bool run_line(struct script *script, const char *before, const char *text, const char *after)
{
    struct words words;
    char line[2048];

    snprintf(line, sizeof line, "%s%s%s", before, text, after);
    return words_split(line, &words) && run_words(script, &words);
}

int script_run_message(struct script *script, const char *path)
{
    bool going = start(script) &&
                 run_line(script, "connect client.example.net ", "192.0.2.25", " 50123") &&
                 run_line(script, "helo ", "client.example.net", "") &&
                 run_line(script, "mail <", script->plan->sender, ">");

    if (!script->recipients)
        script_add_recipient(script, script->plan->recipient);
    for (size_t i = 0; going && i < script->recipients; i++)
        going = run_line(script, "rcpt <", script->recipient[i], ">");
    if (going && run_line(script, "data", "", ""))
        send_message(script, path, script->result_file, false);
    return script->status;
}

void script_free(struct script *script)
{
    if (script->has_macros)
        script_disconnect(script, true);
    mta_macros_free(&script->macros);
    script_mail_clear(&script->mail);
    wire_buffer_free(&script->offer_bytes);
    wire_buffer_free(&script->out);
    wire_buffer_free(&script->in);
}
