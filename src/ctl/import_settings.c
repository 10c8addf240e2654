/*
 * import_settings: what stands once in opendkim.conf: socket, form of the signatures, log. The
 * configuration begins in mode observe and signs there, so that it does what OpenDKIM did and
 * nothing else until somebody wants more.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/import.h"
#include "log/log.h"
#include "util/ip.h"

#define OWN_SOCKET "unix:/run/egress-milter/milter.sock"

enum { EXPIRE_LEAST_S = 3600, MODE_ALL = 0666 };

static const struct opendkim_setting *get(const struct import *import, const char *name)
{
    return opendkim_conf_get(&import->conf, name);
}

/* --- the socket ------------------------------------------------------------------------------ */

static void add_spec(struct import *import, struct span spec)
{
    buffer_add_text(&import->out, "socket = ");
    import_quote(import, spec);
    buffer_add_text(&import->out, ";\n");
}

/* "inet:PORT@HOST". Hosts by name, and none at all, become loopback. */
static void add_inet(struct import *import, const struct opendkim_setting *setting,
                     struct span type, struct span text)
{
    struct span port = { NULL, 0 }, host = { NULL, 0 };
    bool is_6 = span_is_equal_nocase(type, SPAN("inet6"));
    struct ip address;
    char printed[IP_TEXT_MAX];
    span_cut(&text, '@', &port);
    span_cut(&text, '@', &host);
    bool is_known = ip_parse(host, &address) && address.family == (is_6 ? 6 : 4);
    bool is_open = is_known && !ip_is_loopback(&address);
    if (!is_known && !span_is_equal_nocase(host, SPAN("localhost"))) {
        import_note(
            import, setting, true,
            "without an address it listens everywhere, and whoever reaches it can claim any "
            "login; the loopback address is written");
    }
    if (is_open) {
        import_note(import, setting, true,
                    "whoever reaches it can claim any login: see socket_open");
    }
    ip_print(&address, printed);
    struct buffer spec = BUFFER_EMPTY;
    buffer_printf(&spec, "%s:%.*s@%s", is_6 ? "inet6" : "inet", SPAN_ARG(port),
                  is_known ? printed
                  : is_6   ? "::1"
                           : "127.0.0.1");
    add_spec(import, buffer_span(&spec));
    buffer_add_text(&import->out, is_open ? "socket_open = true;\n" : "");
    buffer_free(&spec);
}

static bool is_number(const char *text, int base, long most, long *value_r)
{
    char *end;
    errno = 0;
    *value_r = strtol(text, &end, base);
    return errno == 0 && end != text && *end == '\0' && *value_r >= 0 && *value_r <= most;
}

static void add_access(struct import *import)
{
    const struct opendkim_setting *mask = get(import, "UMask"), *user = get(import, "UserID");
    long bits;
    if (mask != NULL && is_number(mask->value, 8, 0777, &bits)) {
        buffer_printf(&import->out, "socket_mode = \"%04lo\";\n",
                      (unsigned long)(MODE_ALL & ~bits));
    } else if (mask != NULL) {
        import_note(import, mask, true, "no mask of permissions");
    }
    const char *group = user != NULL ? strchr(user->value, ':') : NULL;
    if (group != NULL && group[1] != '\0') {
        buffer_add_text(&import->out, "socket_group = ");
        import_quote(import, span_of(group + 1));
        buffer_add_text(&import->out, ";\n");
    }
}

/* A folder below /run goes with the service that made it. */
static bool is_transient(struct span path)
{
    return span_has_prefix_nocase(path, SPAN("/run/opendkim/")) ||
           span_has_prefix_nocase(path, SPAN("/var/run/opendkim/"));
}

static void add_unix(struct import *import, const struct opendkim_setting *setting,
                     struct span path)
{
    if (is_transient(path)) {
        import_note(import, setting, true, "the folder is OpenDKIM's; tell the mail server of %s",
                    OWN_SOCKET);
        buffer_add_text(&import->out, "socket = \"" OWN_SOCKET "\";\n");
    } else {
        struct buffer spec = BUFFER_EMPTY;
        buffer_printf(&spec, "unix:%s", opendkim_conf_path(&import->conf, path));
        add_spec(import, buffer_span(&spec));
        buffer_free(&spec);
    }
    add_access(import);
}

static void add_socket(struct import *import)
{
    const struct opendkim_setting *setting = get(import, "Socket"), *user = get(import, "UserID");
    struct span text = setting != NULL ? span_of(setting->value) : SPAN("");
    ptrdiff_t colon = span_find(text, ':');
    struct span type = span_first(text, colon > 0 ? (size_t)colon : 0);
    struct span rest = span_from(text, type.size > 0 ? type.size + 1 : 0);
    if (span_is_equal_nocase(type, SPAN("inet")) || span_is_equal_nocase(type, SPAN("inet6"))) {
        add_inet(import, setting, type, rest);
    } else if (rest.size > 0 && (type.size == 0 || span_is_equal_nocase(type, SPAN("local")) ||
                                 span_is_equal_nocase(type, SPAN("unix")))) {
        add_unix(import, setting, rest);
    } else {
        if (setting != NULL) {
            import_note(import, setting, true, "no socket that is known here");
        }
        buffer_add_text(&import->out, "socket = \"" OWN_SOCKET "\";\n");
    }
    if (user != NULL) {
        import_note(import, user, true,
                    "it runs as its own user, who has to be able to read the keys; "
                    "\"egress-milter -t\" tells of those that cannot be read");
    }
}

/* --- signatures ------------------------------------------------------------------------------ */

static bool is_form(struct span text)
{
    return span_is_equal_nocase(text, SPAN("simple")) ||
           span_is_equal_nocase(text, SPAN("relaxed"));
}

/* OpenDKIM's own is simple/simple, which few mean; ours is left in place then. */
static void add_form(struct import *import)
{
    const struct opendkim_setting *setting = get(import, "Canonicalization");
    struct span rest = span_of(setting != NULL ? setting->value : NULL), header, body;
    if (setting == NULL) {
        return;
    }
    if (!span_cut(&rest, '/', &header) || !is_form(header)) {
        import_note(import, setting, true, "neither relaxed nor simple");
        return;
    }
    if (!span_cut(&rest, '/', &body)) {
        body = SPAN("simple");
    } else if (!is_form(body)) {
        import_note(import, setting, true, "neither relaxed nor simple");
        return;
    }
    buffer_printf(&import->out, "  canonicalization = \"%s/%s\";\n",
                  ascii_lower(header.at[0]) == 'r' ? "relaxed" : "simple",
                  ascii_lower(body.at[0]) == 'r' ? "relaxed" : "simple");
}

static void add_expire(struct import *import)
{
    const struct opendkim_setting *setting = get(import, "SignatureTTL");
    long seconds;
    if (setting == NULL) {
        return;
    }
    if (!is_number(setting->value, 10, 10L * 365 * 86400, &seconds)) {
        import_note(import, setting, true, "no number of seconds");
    } else if (seconds > 0 && seconds < EXPIRE_LEAST_S) {
        import_note(import, setting, true, "mail waits longer than that in queues; 1h is written");
        buffer_add_text(&import->out, "  expire = \"1h\";\n");
    } else {
        buffer_printf(&import->out, "  expire = \"%lds\";\n", seconds);
    }
}

static void note_mode(struct import *import)
{
    const struct opendkim_setting *setting = get(import, "Mode");
    if (setting == NULL) {
        return;
    }
    if (strchr(setting->value, 's') == NULL) {
        import_note(import, setting, true, "this OpenDKIM signs nothing; here mail is signed");
    } else if (strchr(setting->value, 'v') != NULL) {
        import_note(import, setting, true,
                    "mail from outside is not verified here; keep a verifier for it");
    }
}

static void add_log(struct import *import)
{
    const struct opendkim_setting *setting = get(import, "SyslogFacility");
    struct error error;
    if (setting != NULL && !log_facility_accepts(setting->value, &error)) {
        import_note(import, setting, true, "%s", error.text);
    } else if (setting != NULL) {
        buffer_add_text(&import->out, "\nlog = { facility = ");
        import_quote(import, span_of(setting->value));
        buffer_add_text(&import->out, "; };\n");
    }
}

void import_settings(struct import *import)
{
    buffer_add_text(&import->out, "# Made by egressctl import opendkim out of ");
    buffer_add_text(&import->out, import->path);
    buffer_add_text(&import->out, ".\n\n");
    add_socket(import);
    buffer_add_text(&import->out,
                    "# observe changes nothing; signing goes on in it as with OpenDKIM.\n"
                    "mode = \"observe\";\n"
                    "signing = {\n  in_observe = true;\n");
    add_form(import);
    add_expire(import);
    buffer_add_text(&import->out, "};\n");
    note_mode(import);
    add_log(import);
}
