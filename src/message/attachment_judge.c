/*
 * attachment_judge: what a file is, from its name, its octets and the words in it; and of archives
 * from the names they list.
 *
 * A program is what its octets say it is, whatever its name. By its name alone it is one unless
 * octets that can be read say otherwise: text and pictures are started by nothing. What is said of
 * names in archives is less, for their octets are not looked at: libraries do not count, nor does
 * "com", since folders are full of files named after domains.
 */
#include "message/attachment_private.h"

static bool is_known_otherwise(enum attachment_format format)
{
    return format != FORMAT_UNSEEN && format != FORMAT_UNKNOWN && format != FORMAT_DOS_PROGRAM;
}

/* Do the octets speak against what the name says? */
static bool is_contradicted(const struct attachment_extension *extension,
                            enum attachment_format format)
{
    if ((extension->traits & ATTACHMENT_SAID) != 0) {
        return false;
    }
    if (extension->class != ATTACHMENT_EXECUTABLE) {
        return format == FORMAT_HARMLESS || format == FORMAT_EMPTY;
    }
    if ((extension->traits & ATTACHMENT_NEEDS_BYTES) != 0 && format != FORMAT_DOS_PROGRAM) {
        return true;
    }
    return is_known_otherwise(format) && attachment_format_class(format) != ATTACHMENT_EXECUTABLE;
}

static void judge_name(struct attachment *attachment, const struct attachment_extension *extension)
{
    if (extension->class == ATTACHMENT_HARMLESS) {
        return;
    }
    if (is_contradicted(extension, attachment->format)) {
        attachment->doubtful |= ATTACHMENT_BIT(extension->class);
    } else {
        attachment->classes |= ATTACHMENT_BIT(extension->class);
    }
}

static void judge_format(struct attachment *attachment,
                         const struct attachment_extension *extension)
{
    enum attachment_class class = attachment_format_class(attachment->format);
    if (class == ATTACHMENT_HARMLESS || (extension->traits & ATTACHMENT_EXCUSED) != 0) {
        return;
    }
    attachment->classes |= ATTACHMENT_BIT(class);
    bool shows_another = extension->name[0] != '\0' && extension->class == ATTACHMENT_HARMLESS;
    if (class == ATTACHMENT_EXECUTABLE && shows_another) {
        attachment->classes |= ATTACHMENT_BIT(ATTACHMENT_DISGUISED);
    }
}

static void judge_marks(struct attachment *attachment, unsigned marks)
{
    static const struct {
        unsigned marks; /* all of them */
        enum attachment_class class;
    } rows[] = {
        { MARK_MACROS, ATTACHMENT_MACRO },
        { MARK_ENCRYPTED, ATTACHMENT_ENCRYPTED },
        { MARK_INSTALLER, ATTACHMENT_INSTALLER },
        { MARK_BUILDS | MARK_DELIVERS, ATTACHMENT_SMUGGLING },
        { MARK_CARRIES, ATTACHMENT_SMUGGLING },
        { MARK_DISK, ATTACHMENT_DISK_IMAGE },
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if ((marks & rows[i].marks) == rows[i].marks) {
            attachment->classes |= ATTACHMENT_BIT(rows[i].class);
        }
    }
}

/* In a package that installs programs there are programs; it is judged as what it is. */
static void judge_listed(struct attachment *attachment,
                         const struct attachment_extension *extension)
{
    const unsigned executable = ATTACHMENT_BIT(ATTACHMENT_EXECUTABLE);
    if (extension->class == ATTACHMENT_INSTALLER &&
        (attachment->listed_classes & executable) != 0) {
        attachment->listed_classes &= ~executable;
        attachment->listed_doubtful |= executable;
    }
}

void attachment_judge(struct attachment *attachment, const struct attachment_name *name,
                      unsigned marks)
{
    attachment->tricks = name->tricks;
    if (name->tricks != 0) {
        attachment->classes |= ATTACHMENT_BIT(ATTACHMENT_DISGUISED);
    }
    judge_name(attachment, &name->extension);
    judge_format(attachment, &name->extension);
    judge_marks(attachment, marks);
    judge_listed(attachment, &name->extension);
    attachment->doubtful &= ~attachment->classes;
    attachment->listed_doubtful &= ~attachment->listed_classes;
}

static void keep_sample(struct attachment_listing *listing, int class, struct span name)
{
    struct span *sample = &listing->archive->samples[class];
    if (sample->at == NULL) {
        *sample = attachment_keep_text(listing->texts, name);
    }
}

/* The parts of an OOXML document that are programs: of VBA, and sheets of Excel 4. */
static bool is_macro_part(struct span path, struct span base)
{
    return span_is_equal_nocase(base, SPAN("vbaProject.bin")) ||
           span_has_prefix_nocase(path, SPAN("xl/macrosheets/"));
}

void attachment_list(struct attachment_listing *listing, struct span path, bool size_is_zero)
{
    if (path.size == 0 || path.at[path.size - 1] == '/' || path.at[path.size - 1] == '\\') {
        return; /* a folder */
    }
    struct attachment_name name = attachment_name_read(listing->own, path);
    struct attachment *archive = listing->archive;
    int class = name.extension.class;
    if (is_macro_part(path, name.base)) {
        archive->classes |= ATTACHMENT_BIT(ATTACHMENT_MACRO);
        keep_sample(listing, ATTACHMENT_MACRO, name.base);
    }
    if (name.tricks != 0) {
        archive->listed_classes |= ATTACHMENT_BIT(ATTACHMENT_DISGUISED);
        keep_sample(listing, ATTACHMENT_DISGUISED, name.base);
    }
    if (class == ATTACHMENT_HARMLESS) {
        return;
    }
    if (size_is_zero || (name.extension.traits & ATTACHMENT_NEEDS_BYTES) != 0) {
        archive->listed_doubtful |= ATTACHMENT_BIT(class);
    } else {
        archive->listed_classes |= ATTACHMENT_BIT(class);
    }
    keep_sample(listing, class, name.base);
}

void attachment_list_encrypted(struct attachment_listing *listing)
{
    listing->archive->classes |= ATTACHMENT_BIT(ATTACHMENT_ENCRYPTED);
}
