/*
 * The wire code against conversations recorded between Postfix 2.5 and a filter, and against broken
 * frames.
 *
 * Every packet of the captures is read; what the MTA said is put together again by our encoders and
 * must come out the same; what the filter said must be the answer the capture's name promises.
 * Skipped aloud without EGRESS_CORPUS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>

#include "milter_wire.h"

/* --- captures ---------------------------------------------------------- */

struct capture {
    struct wire_buffer mta; /* all the MTA said, and all the filter said */
    struct wire_buffer filter;
};

/* "  0010  7f 00 ...   .O.." adds its bytes to whoever the indentation belongs to. */
static void read_dump_line(struct capture *capture, const char *line)
{
    struct wire_buffer *side = *line == ' ' ? &capture->filter : &capture->mta;
    unsigned offset;
    int used;

    if (strspn(line, " ") > 2 || sscanf(line, "%4x%n", &offset, &used) != 1 ||
        strncmp(line + used, "  ", 2) != 0)
        return;
    line += used + 1;
    for (int i = 0; i < 16; i++, line += 3) {
        unsigned value;
        char byte;

        if (sscanf(line, " %2x", &value) != 1 || line[1] == ' ')
            return;
        byte = (char)value;
        wire_add_bytes(side, &byte, 1);
    }
}

static struct capture read_capture(const char *path)
{
    struct capture capture = { 0 };
    FILE *file = fopen(path, "r");
    char line[1024];

    if (!file)
        fail_msg("cannot read %s", path);
    while (fgets(line, sizeof line, file))
        read_dump_line(&capture, line);
    fclose(file);
    return capture;
}

static void free_capture(struct capture *capture)
{
    wire_buffer_free(&capture->mta);
    wire_buffer_free(&capture->filter);
}

static void put_macros_again(struct wire_buffer *out, const struct wire_frame *frame)
{
    size_t done = 1;

    wire_begin(out, WIRE_MACRO);
    wire_add_bytes(out, frame->data, 1);
    while (done < frame->length) {
        size_t length = strnlen(frame->data + done, frame->length - done);

        wire_add_text(out, frame->data + done, length);
        done += length + 1;
    }
    wire_end(out);
}

static void put_connect_again(struct wire_buffer *out, const struct wire_frame *frame)
{
    size_t host = strlen(frame->data) + 1;
    const unsigned char *port = (const unsigned char *)frame->data + host + 1;

    wire_put_connect(out, frame->data, frame->data[host], (uint16_t)(port[0] << 8 | port[1]),
                     frame->data + host + 3);
}

static void put_again(struct wire_buffer *out, const struct wire_frame *frame)
{
    struct wire_offer offer;
    size_t name;

    switch (frame->command) {
    case WIRE_OFFER:
        assert_true(wire_read_offer(frame, &offer));
        wire_put_offer(out, offer.version, offer.actions, offer.steps);
        break;
    case WIRE_MACRO:
        put_macros_again(out, frame);
        break;
    case WIRE_CONNECT:
        put_connect_again(out, frame);
        break;
    case WIRE_HELO:
    case WIRE_MAIL:
    case WIRE_RCPT:
        wire_put_string(out, (enum wire_command)frame->command, frame->data);
        break;
    case WIRE_HEADER:
        name = strlen(frame->data);
        wire_put_header(out, frame->data, name, frame->data + name + 1, frame->length - name - 2);
        break;
    case WIRE_BODY:
    case WIRE_END_OF_MESSAGE:
        wire_put_body_head(out, (enum wire_command)frame->command, frame->length);
        wire_add_bytes(out, frame->data, frame->length);
        break;
    default:
        assert_int_equal(frame->length, 0);
        assert_non_null(wire_command_name(frame->command));
        wire_put_bare(out, (enum wire_command)frame->command);
        break;
    }
}

static unsigned check_mta_side(const struct wire_buffer *bytes)
{
    struct wire_buffer again = { 0 };
    struct wire_frame frame;
    size_t done = 0;
    size_t used;
    unsigned count = 0;

    while (wire_next_frame(bytes->data + done, bytes->length - done, 1 << 20, &frame, &used) > 0) {
        put_again(&again, &frame);
        done += used;
        count++;
    }
    assert_int_equal(done, bytes->length);
    assert_int_equal(again.length, bytes->length);
    assert_memory_equal(again.data, bytes->data, bytes->length);
    wire_buffer_free(&again);
    return count;
}

/* Reads all the filter said, the negotiation first; the last answer is given back. */
static struct wire_answer check_filter_side(const struct wire_buffer *bytes)
{
    struct wire_answer answer = { 0 };
    struct wire_offer offer;
    struct wire_frame frame;
    size_t done = 0;
    size_t used;

    while (wire_next_frame(bytes->data + done, bytes->length - done, 1 << 20, &frame, &used) > 0) {
        if (done == 0) {
            assert_true(wire_read_offer(&frame, &offer));
            assert_int_equal(offer.version, 2);
        } else {
            assert_true(wire_read_answer(&frame, &answer));
        }
        done += used;
    }
    assert_int_equal(done, bytes->length);
    return answer;
}

static enum wire_reply promised_reply(const char *file_name)
{
    static const struct {
        const char *part;
        enum wire_reply reply;
    } rows[] = {
        { "-reject-with-text-", WIRE_REPLY_CODE },
        { "-reject-", WIRE_REJECT },
        { "-accept-", WIRE_ACCEPT },
        { "-discard-", WIRE_DISCARD },
        { "-tempfail-", WIRE_TEMPFAIL },
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strstr(file_name, rows[i].part))
            return rows[i].reply;
    return WIRE_CONTINUE;
}

static void captures_are_read_and_written_alike(void **state)
{
    const char *corpus = getenv("EGRESS_CORPUS");
    struct dirent *entry;
    char path[4096];
    unsigned files = 0;
    unsigned packets = 0;
    DIR *folder;

    (void)state;
    snprintf(path, sizeof path, "%s/milter-wire", corpus ? corpus : "");
    folder = corpus ? opendir(path) : NULL;
    if (!folder) {
        print_message("SKIPPED: no captures (EGRESS_CORPUS=%s)\n", corpus ? corpus : "");
        skip();
    }
    while ((entry = readdir(folder))) {
        struct capture capture;
        struct wire_answer last;

        if (strncmp(entry->d_name, "milter-packet", 13) != 0)
            continue;
        snprintf(path, sizeof path, "%s/milter-wire/%s", corpus, entry->d_name);
        capture = read_capture(path);
        packets += check_mta_side(&capture.mta);
        last = check_filter_side(&capture.filter);
        assert_int_equal(last.reply, promised_reply(entry->d_name));
        if (last.reply == WIRE_REPLY_CODE)
            assert_memory_equal(last.value.data, "554 5.7.1 ", 10);
        free_capture(&capture);
        files++;
    }
    closedir(folder);
    assert_true(files >= 21 && packets >= 300);
    print_message("%u captures, %u packets of the MTA\n", files, packets);
}

/* --- frames ------------------------------------------------------------ */

static void frames_are_cut(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        int found;
        size_t used;
    } cases[] = {
        { "", 0, 0, 0 },
        { "\0\0\0", 3, 0, 0 },
        { "\0\0\0\1", 4, 0, 0 },
        { "\0\0\0\1c", 5, 1, 5 },
        { "\0\0\0\1cX", 6, 1, 5 },
        { "\0\0\0\3yab", 7, 1, 7 },
        { "\0\0\0\0c", 5, -1, 0 },
        { "\0\0\2\0c", 5, -1, 0 }, /* above the limit of the call below */
        { "\377\377\377\377c", 5, -1, 0 },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_frame frame;
        size_t used = 0;

        assert_int_equal(wire_next_frame(cases[i].bytes, cases[i].length, 256, &frame, &used),
                         cases[i].found);
        assert_int_equal(used, cases[i].used);
    }
}

static void answers_have_their_shape(void **state)
{
    static const struct {
        char letter;
        const char *data;
        size_t length;
        bool is_valid;
        bool is_edit;
        uint32_t index;
        const char *name;
        const char *value;
    } cases[] = {
        { 'c', "", 0, true, false, 0, "", "" },
        { 'c', "x", 1, false, false, 0, "", "" },
        { 'i', "\0\0\0\1N\0 v\0", 9, true, true, 1, "N", " v" },
        { 'i', "\0\0\0\1N\0 v", 8, false, true, 0, "", "" },
        { 'i', "\0\0\0", 3, false, true, 0, "", "" },
        { 'm', "\0\0\0\2Date\0\0", 10, true, true, 2, "Date", "" },
        { 'h', "N\0v\0", 4, true, true, 0, "N", "v" },
        { 'h', "N\0v\0x", 5, false, true, 0, "", "" },
        { 'y', "550 5.7.1 no\0", 13, true, false, 0, "", "550 5.7.1 no" },
        { 'y', "550 5.7.1 no", 12, true, false, 0, "", "550 5.7.1 no" },
        { 'q', "because\0", 8, true, true, 0, "", "because" },
        { 'e', "<a@b>\0", 6, true, true, 0, "<a@b>", "" },
        { 'e', "<a@b>\0SIZE=1\0", 13, true, true, 0, "<a@b>", "SIZE=1" },
        { 'b', "any\0thing", 9, true, true, 0, "", "any" },
        { 'p', "", 0, true, true, 0, "", "" },
        { '!', "", 0, false, false, 0, "", "" },
        { 'O', "", 0, false, false, 0, "", "" },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_frame frame = { cases[i].letter, cases[i].data, cases[i].length };
        struct wire_answer answer;

        assert_int_equal(wire_read_answer(&frame, &answer), cases[i].is_valid);
        if (!cases[i].is_valid)
            continue;
        assert_int_equal(answer.is_edit, cases[i].is_edit);
        assert_int_equal(answer.index, cases[i].index);
        assert_int_equal(answer.name.length, strlen(cases[i].name));
        assert_memory_equal(answer.name.data ? answer.name.data : "", cases[i].name,
                            strlen(cases[i].name));
        assert_memory_equal(answer.value.data ? answer.value.data : "", cases[i].value,
                            strlen(cases[i].value));
    }
}

static void offers_carry_macro_lists(void **state)
{
    static const struct {
        const char *tail;
        size_t length;
        bool is_valid;
        int stage;
        const char *list;
    } cases[] = {
        { "", 0, true, -1, NULL },
        { "\0\0\0\2i {auth_authen}\0", 20, true, WIRE_STAGE_MAIL, "i {auth_authen}" },
        { "\0\0\0\6\0", 5, true, WIRE_STAGE_EOH, "" },
        { "\0\0\0\6i", 5, false, -1, NULL },
        { "\0\0\0", 3, false, -1, NULL },
        { "\0\0\0\7i\0", 6, false, -1, NULL },
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct wire_buffer bytes = { 0 };
        struct wire_frame frame;
        struct wire_offer offer;

        wire_add_u32(&bytes, 6);
        wire_add_u32(&bytes, 0x1ff);
        wire_add_u32(&bytes, 0x1fffff);
        wire_add_bytes(&bytes, cases[i].tail, cases[i].length);
        frame = (struct wire_frame){ WIRE_OFFER, bytes.data, bytes.length };
        assert_int_equal(wire_read_offer(&frame, &offer), cases[i].is_valid);
        if (cases[i].is_valid && cases[i].stage >= 0) {
            assert_int_equal(offer.steps, 0x1fffff);
            assert_true(offer.has_list[cases[i].stage]);
            assert_string_equal(offer.list[cases[i].stage].data, cases[i].list);
        }
        frame.length = 11;
        assert_false(wire_read_offer(&frame, &offer));
        wire_buffer_free(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(captures_are_read_and_written_alike),
        cmocka_unit_test(frames_are_cut),
        cmocka_unit_test(answers_have_their_shape),
        cmocka_unit_test(offers_carry_macro_lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
