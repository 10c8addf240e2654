/*
 * import_networks: InternalHosts, the clients that OpenDKIM signs for without a login, as rows of
 * outgoing.networks. Names of hosts and exceptions have no counterpart: what a client is called in
 * DNS is for whoever runs its zone to say.
 */
#include "ctl/import.h"
#include "util/ip.h"

/* "[192.0.2.1]" is written with and without brackets. */
static struct span without_brackets(struct span item)
{
    bool has = item.size > 2 && item.at[0] == '[' && item.at[item.size - 1] == ']';
    return has ? span_first(span_from(item, 1), item.size - 2) : item;
}

static bool is_seen(const struct opendkim_conf *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (span_is_equal_nocase(span_of(items->at[i].value), span_of(items->at[count].value))) {
            return true;
        }
    }
    return false;
}

static void add_network(struct import *import, const struct opendkim_setting *item,
                        struct span text, bool *is_first_io)
{
    struct ip_network network;
    bool has_host_bits = false;
    if (!ip_network_parse(text, &network, &has_host_bits)) {
        char base[IP_TEXT_MAX];
        if (has_host_bits) {
            ip_print(&network.base, base);
            import_note(import, item, true, "has bits beyond the network; write %s/%u", base,
                        network.prefix);
        } else {
            import_note(import, item, true,
                        "clients are known by address, not by name; add a row with its address to "
                        "outgoing.networks");
        }
        return;
    }
    buffer_add_text(&import->out, *is_first_io ? "  networks = (\n" : ",\n");
    buffer_add_text(&import->out, "    { name = ");
    import_quote(import, text);
    buffer_add_text(&import->out, "; address = ");
    import_quote(import, text);
    buffer_add_text(&import->out, "; kind = \"relay\"; }");
    *is_first_io = false;
}

/* This host itself, as the classes of mail have it; another one of 127/8 is a client like any. */
static bool is_loopback(struct span text)
{
    struct ip_network network;
    return span_is_equal_nocase(text, SPAN("localhost")) ||
           (ip_network_parse(text, &network, NULL) && ip_is_loopback(&network.base) &&
            (ip_network_contains(&network, &ip_host_v4) ||
             ip_network_contains(&network, &ip_host_v6)));
}

void import_networks(struct import *import)
{
    const struct opendkim_setting *setting = opendkim_conf_get(&import->conf, "InternalHosts");
    struct opendkim_conf items;
    struct error error;
    bool is_first = true, has_loopback = false;
    if (setting == NULL) {
        return; /* this host alone, as with us */
    }
    if (!opendkim_conf_items(&import->conf, setting, &items, &error)) {
        import_note(import, setting, true, "%s", error.text);
        return;
    }
    buffer_add_text(&import->out, "\noutgoing = {\n");
    for (size_t i = 0; i < items.count; i++) {
        struct span text = without_brackets(span_of(items.at[i].value));
        if (text.at[0] == '!') {
            import_note(import, &items.at[i], true,
                        "networks have no exceptions; list the networks without it");
        } else if (is_loopback(text)) {
            has_loopback = true;
        } else if (!is_seen(&items, i)) {
            add_network(import, &items.at[i], text, &is_first);
        }
    }
    buffer_add_text(&import->out, is_first ? "" : "\n  );\n");
    if (!has_loopback) {
        buffer_add_text(&import->out,
                        "  # InternalHosts has no 127.0.0.1: mail of this host itself "
                        "is not signed.\n  local = false;\n"
                        "  loopback = \"inbound\";\n");
    }
    buffer_add_text(&import->out, "};\n");
}
