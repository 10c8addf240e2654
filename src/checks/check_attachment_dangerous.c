/*
 * attachment_dangerous: does a file lie in the message that does harm when it is opened? A program
 * is the grave case (attachments.stop), also when it is listed in an archive. Scripts, macros,
 * installers, encrypted archives and their like are daily mail of somebody's: the lesser case. So
 * is a program by its name alone where its octets speak against it. Cannot tell where it is not
 * looked into (message/attachment.h); that is never bad.
 */
#include <string.h>

#include "checks/attachments.h"
#include "checks/checks.h"
#include "config/config.h"
#include "message/attachment.h"
#include "util/error.h"

enum { NAME_SHOWN = 80, EXTENSION_MAX = 24 };

enum archives { ARCHIVES_STOP, ARCHIVES_OBSERVE, ARCHIVES_IGNORE };

static const char *const archives_names[] = { "stop", "observe", "ignore", NULL };

struct settings {
    struct config_texts stop, report; /* names of classes */
    int archives;                     /* enum archives: what is listed in them */
    struct config_list extensions;    /* struct attachment_extension */
};

static const char *const class_texts[] = {
    [ATTACHMENT_EXECUTABLE] = "is a program",
    [ATTACHMENT_SCRIPT] = "is a script",
    [ATTACHMENT_SHORTCUT] = "is a shortcut",
    [ATTACHMENT_INSTALLER] = "installs programs",
    [ATTACHMENT_MACRO] = "has macros",
    [ATTACHMENT_DISK_IMAGE] = "is a disk image",
    [ATTACHMENT_NOTEBOOK] = "is a OneNote notebook",
    [ATTACHMENT_SMUGGLING] = "is a page that builds a file when it is opened",
    [ATTACHMENT_ENCRYPTED] = "is encrypted",
    [ATTACHMENT_DISGUISED] = "has a name that hides what it is",
};

static bool find_class(const char *name, enum attachment_class *class_r)
{
    for (int i = ATTACHMENT_HARMLESS + 1; i < ATTACHMENT_CLASSES; i++) {
        if (strcmp(attachment_class_names[i], name) == 0) {
            *class_r = (enum attachment_class)i;
            return true;
        }
    }
    return false;
}

static bool accepts_class(const char *value, struct error *error)
{
    enum attachment_class class;
    if (find_class(value, &class)) {
        return true;
    }
    error_set(error, "no class of attachments; valid: executable, script, shortcut, installer, "
                     "macro, disk-image, notebook, smuggling, encrypted, disguised");
    return false;
}

static bool accepts_extension(const char *value, struct error *error)
{
    size_t size = strlen(value);
    for (size_t i = 0; i < size; i++) {
        if (value[i] <= ' ' || value[i] == '.' || ascii_lower(value[i]) != value[i]) {
            size = 0;
        }
    }
    if (size > 0 && size <= EXTENSION_MAX) {
        return true;
    }
    error_set(error, "no extension; valid: \"exe\", in small letters and without its dot");
    return false;
}

static const struct config_row extension_rows[] = {
    { .name = "name",
      .type = CONFIG_TEXT,
      .offset = offsetof(struct attachment_extension, name),
      .required = true,
      .accepts = accepts_extension,
      .brief = "the extension: \"exe\"" },
    { .name = "is",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct attachment_extension, class),
      .choices = attachment_class_names,
      .fallback = "harmless",
      .brief = "the class of files with this extension, whatever their octets say" },
    CONFIG_ROWS_END,
};

static const struct config_row rows[] = {
    { .name = "stop",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct settings, stop),
      .fallback = "[ executable ]",
      .accepts = accepts_class,
      .brief = "classes of attachments that are the grave case of attachment-dangerous" },
    { .name = "report",
      .type = CONFIG_TEXTS,
      .offset = offsetof(struct settings, report),
      .fallback = "[ executable, script, shortcut, installer, macro, disk-image, notebook, "
                  "smuggling, encrypted, disguised ]",
      .accepts = accepts_class,
      .brief = "classes that are its lesser case, observed unless a rule says otherwise" },
    { .name = "archives",
      .type = CONFIG_CHOICE,
      .offset = offsetof(struct settings, archives),
      .choices = archives_names,
      .fallback = "stop",
      .brief = "what is listed in an archive: stop like any attachment, observe, or ignore" },
    { .name = "extensions",
      .type = CONFIG_LIST,
      .offset = offsetof(struct settings, extensions),
      .rows = extension_rows,
      .element_size = sizeof(struct attachment_extension),
      .key = "name",
      .brief = "extensions that mean something else here than what is shipped" },
    CONFIG_ROWS_END,
};

static const struct config_table table = { .path = "attachments",
                                           .rows = rows,
                                           .size = sizeof(struct settings) };

struct attachment_extensions check_attachment_extensions(const struct config *config)
{
    const struct settings *settings = config_settings(config, &table);
    return (struct attachment_extensions){ settings->extensions.at, settings->extensions.count };
}

static unsigned classes_of(const struct config_texts *names)
{
    unsigned classes = 0;
    for (size_t i = 0; i < names->count; i++) {
        enum attachment_class class;
        if (find_class(names->at[i], &class)) {
            classes |= ATTACHMENT_BIT(class);
        }
    }
    return classes;
}

/* What matters of one attachment. */
struct danger {
    unsigned grave, listed_grave;
    unsigned mild, listed_mild;
};

static struct danger danger_of(const struct attachment *attachment, const struct settings *settings,
                               unsigned stop, unsigned report)
{
    unsigned listed = attachment->listed_classes | attachment->listed_doubtful;
    struct danger danger = { .grave = attachment->classes & stop,
                             .mild = (attachment->classes | attachment->doubtful) & report };
    if (settings->archives == ARCHIVES_STOP) {
        danger.listed_grave = attachment->listed_classes & stop;
    }
    if (settings->archives != ARCHIVES_IGNORE) {
        danger.listed_mild = listed & report;
    }
    return danger;
}

/* The end of a name tells more than its beginning. */
static struct span shown(struct span name)
{
    return name.size > NAME_SHOWN ? span_from(name, name.size - NAME_SHOWN) : name;
}

static enum attachment_class lowest(unsigned classes)
{
    for (int i = 0; i < ATTACHMENT_CLASSES; i++) {
        if ((classes & ATTACHMENT_BIT(i)) != 0) {
            return (enum attachment_class)i;
        }
    }
    return ATTACHMENT_HARMLESS;
}

/* "invoice.pdf.exe is a program"; behind it what else, or what speaks against it. */
static void add(const struct attachment *attachment, unsigned classes, unsigned listed,
                bool is_mild, struct finding_list *findings)
{
    static const char advice[] = "put it where the recipient can fetch it, and send the link";
    enum attachment_class class = lowest(classes != 0 ? classes : listed);
    struct span name = attachment->name.size > 0 ? shown(attachment->name) : SPAN("without a name");
    struct span sample = shown(attachment->samples[class]);
    struct finding *finding;
    if (classes == 0) {
        finding = finding_add(findings, FINDING_ATTACHMENT_DANGEROUS, advice,
                              "%.*s in the attachment %.*s %s", SPAN_ARG(sample), SPAN_ARG(name),
                              class_texts[class]);
    } else {
        bool is_doubtful = (attachment->doubtful & ATTACHMENT_BIT(class)) != 0;
        bool is_hidden = class != ATTACHMENT_DISGUISED &&
                         (attachment->classes & ATTACHMENT_BIT(ATTACHMENT_DISGUISED)) != 0;
        finding = finding_add(findings, FINDING_ATTACHMENT_DANGEROUS, advice,
                              "the attachment %.*s %s%s%s%s", SPAN_ARG(name), class_texts[class],
                              is_hidden ? " and has a name that hides it" : "",
                              is_doubtful ? " by its name, but it is " : "",
                              is_doubtful ? attachment_format_text(attachment->format) : "");
    }
    if (finding != NULL) {
        finding->is_mild = is_mild;
    }
}

/* One finding a message: the first grave attachment, else the first other one. */
static void run(const struct evidence *evidence, const void *settings,
                struct finding_list *findings)
{
    const struct settings *own = settings;
    const struct attachments *attachments = evidence->attachments;
    if (attachments == NULL || attachments->first == NULL) {
        return;
    }
    unsigned stop = classes_of(&own->stop), report = classes_of(&own->report);
    const struct attachment *mild = NULL;
    for (const struct attachment *at = attachments->first; at != NULL; at = at->next) {
        struct danger danger = danger_of(at, own, stop, report);
        if ((danger.grave | danger.listed_grave) != 0) {
            add(at, danger.grave, danger.listed_grave, false, findings);
            return;
        }
        mild = mild == NULL && (danger.mild | danger.listed_mild) != 0 ? at : mild;
    }
    if (mild != NULL) {
        struct danger danger = danger_of(mild, own, stop, report);
        add(mild, danger.mild, danger.listed_mild, true, findings);
    }
}

const struct check check_attachment_dangerous = {
    .name = "attachment_dangerous", .needs = NEED_BODY, .settings = &table, .run = run
};
