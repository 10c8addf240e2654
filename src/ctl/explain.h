/*
 * explain: the parts of `egressctl explain`: what is judged (explain_input), why (explain_why), and
 * the three ways to tell it (explain_text, explain_json, explain_output).
 */
#ifndef EM_CTL_EXPLAIN_H
#define EM_CTL_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/args.h"
#include "ctl/ctl.h"
#include "policy/drive.h"
#include "util/arena.h"
#include "util/buffer.h"
#include "util/error.h"

#define EXPLAIN_MESSAGE_MAX ((size_t)1 << 30)  /* octets of a message file */
#define ENVELOPE_MEMORY_MAX ((size_t)64 << 20) /* for its header, to read addresses from */
#define EXPLAIN_NOTES_MAX 8

/* What is judged, and where each part of the envelope came from. */
struct explain_input {
    struct arena *arena; /* texts of the envelope */
    struct buffer file;
    struct drive_input drive;           /* .message points into file */
    struct drive_recipient *recipients; /* drive.recipients, still to be changed */
    size_t recipient_room;
    const char *sender_from; /* "--from" or "header From" */
    const char *recipients_from;
    const char *notes[EXPLAIN_NOTES_MAX]; /* what a reader should know, arena or literal */
    size_t note_count;
};

/*
 * Reads the file ("-": stdin) and puts the envelope together from options and header. False with
 * *error and *code_r when something cannot be read or understood. Free either way.
 */
bool explain_input_read(struct explain_input *input, const struct ctl_args *args,
                        struct error *error, enum ctl_exit *code_r);
void explain_input_free(struct explain_input *input);
/* A formatted remark for the reader; those beyond the room for them are dropped. */
void explain_note(struct explain_input *input, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Everything there is to tell; filled by cmd_explain, read by the printers. */
struct explanation {
    const char *path; /* of the message */
    const struct explain_input *input;
    const struct job *job;
    struct span log_line;
    struct span other_lines; /* logged before it, each with LF */
    bool is_forced;          /* --enforce changed the mode */
    const char *output_path; /* where the message was written; NULL: nowhere */
};

/* One line each, in the arena of the input; NULL when memory is out. */
const char *explain_class_why(const struct job *job, struct arena *arena);
const char *explain_principal_why(const struct job *job, struct arena *arena);
/* Why this finding has the action it has: the default, a line of the configuration, the class. */
const char *explain_action_why(const struct job *job, const struct finding *finding,
                               struct arena *arena);
/* Why a stopping action became another answer; NULL where it did not. */
const char *explain_verdict_why(const struct job *job);
/* Was the message let through? Held mail was not. */
bool explain_is_accepted(const struct job *job);

void explain_print_text(struct ctl *ctl, const struct explanation *explanation);
void explain_print_json(struct ctl *ctl, const struct explanation *explanation);

/* The algorithm of a signature "d/selector", and the two halves of its name. */
const char *explain_signature(const struct job *job, struct span name, struct span *domain_r,
                              struct span *selector_r);
/* The field of the message that an edit changes or takes away; NULL for new ones. */
const struct header_field *explain_edited_field(const struct job *job, const struct edit *edit);

/*
 * Writes the message as it would leave. False with *error.
 */
bool explain_output(const struct explanation *explanation, const char *path, struct error *error);

#endif
