/*
 * fuzz_events: milter events in any order, legal or not, against the MTA in the same process. Each
 * input byte picks an event, the next ones its text; the number of bytes picks the listener.
 * Whatever comes: no crash, every message ends exactly once, every line is one line.
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/house.h"

#define SECRET_FD 300
#define SECRET_PATH "/proc/self/fd/300"

static const char config[] =
    "socket = \"unix:/run/x.sock\"; mode = \"enforce\"; log = { inbound = true; };"
    "ceilings = { message = \"64K\"; };"
    "outgoing = { networks = ( { name = \"n\"; address = \"192.0.2.0/24\"; kind = \"list\"; } ); "
    "listeners = ( { daemon = \"C\"; role = \"check\"; }, { daemon = \"S\"; role = \"sign\"; },"
    "{ daemon = \"O\"; role = \"off\"; } ); ticket_file = \"" SECRET_PATH "\"; };"
    "behaviour = { honeypots = [ \"@trap\" ]; };";
/* Who has a login and writes elsewhere is refused. */
static const char script[] = "* MX 0 .\nexample.net MX 10 mx.example.net\n";
static const char *const listeners[] = { "F", "C", "S", "O" };

struct input {
    const uint8_t *at;
    size_t size;
};

static uint8_t next_byte(struct input *input)
{
    if (input->size == 0) {
        return 0;
    }
    input->size--;
    return *input->at++;
}

/* What an MTA that looks domains up itself says beside the path. */
static void set_next_hop(struct fake_mta *mta, const char *path)
{
    static char host[64];
    const char *at = strrchr(path, '@');
    memcpy(host, at != NULL ? at + 1 : "", strlen(at != NULL ? at + 1 : "") + 1);
    host[strcspn(host, ">")] = '\0';
    fake_mta_set(mta, "{rcpt_host}", host);
}

/* Up to 63 bytes of the input as a C string. */
static char *next_text(struct input *input, char text[static 64])
{
    size_t size = next_byte(input) & 63;
    size = size < input->size ? size : input->size;
    memcpy(text, input->at, size);
    text[size] = '\0';
    input->at += size;
    input->size -= size;
    return text;
}

static void one_event(struct connection **connection, struct milter *milter, struct fake_mta *mta,
                      struct input *input)
{
    static char login[64];
    char text[64], more[64];
    char *argv[] = { text, more, NULL };
    struct sockaddr_in address = { .sin_family = AF_INET };
    switch (next_byte(input) % 12) {
    case 0:
        address.sin_addr.s_addr = htonl(next_byte(input) % 2 ? 0x7f000001 : 0xc0000201);
        on_connect(*connection, next_text(input, text), (struct sockaddr *)&address);
        break;
    case 1:
        on_helo(*connection, next_text(input, text));
        break;
    case 2:
        next_text(input, text);
        next_text(input, more);
        on_mail(*connection, mta, argv);
        break;
    case 3:
        next_text(input, text);
        next_text(input, more);
        set_next_hop(mta, text);
        on_recipient(*connection, mta, argv);
        break;
    case 4:
        next_text(input, text);
        on_header(*connection, mta, text, next_text(input, more));
        break;
    case 5:
        on_headers_end(*connection, mta);
        break;
    case 6:
        next_text(input, text);
        on_body(*connection, text, strlen(text));
        break;
    case 7:
        on_message_end(*connection, mta);
        break;
    case 8:
        on_abort(*connection);
        break;
    case 9:
        connection_free(connection);
        *connection = connection_new(milter, next_byte(input) % 2);
        break;
    case 10:
        fake_mta_set(mta, "{auth_authen}", next_text(input, login));
        mta->refuses_edits = next_byte(input) % 8 == 0;
        break;
    default:
        on_header(*connection, mta, "From", next_text(input, more));
        break;
    }
}

static void require(bool good)
{
    if (!good) {
        abort();
    }
}

/* Reports of inbound mail, which somebody listens for. */
static void take_report(struct report_sink *sink, const struct report_event *event)
{
    (void)sink;
    require(event->report->kind != REPORT_NONE && event->message->envelope.login.size == 0);
}

/* A file of this process alone: nothing stays, whatever ends it. */
static void make_secret(void)
{
    static const char secret[] = "a secret for nothing but this test";
    int fd = memfd_create("secret", 0);
    require(fd >= 0 && write(fd, secret, sizeof(secret)) == (ssize_t)sizeof(secret));
    require(fchmod(fd, 0600) == 0 && dup2(fd, SECRET_FD) == SECRET_FD);
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool has_secret;
    struct house house;
    if (!has_secret) {
        make_secret();
        has_secret = true;
    }
    house_open(&house, config);
    house_script_dns(&house, script);
    struct report_sink reports = { .take = take_report };
    house.world.reports = &reports;
    struct milter milter = { .world = &house.world, .mta = &fake_mta_calls };
    milter.holder = site_holder_new(site_ref(house.site));
    struct fake_mta mta = { 0 };
    fake_mta_set(&mta, "{daemon_name}", listeners[size % 4]);
    fake_mta_set(&mta, "{rcpt_mailer}", "smtp");
    struct connection *connection = connection_new(&milter, true);
    struct input input = { data, size };
    while (input.size > 0 && connection != NULL) {
        one_event(&connection, &milter, &mta, &input);
        require(atomic_load(&milter.open_messages) == (connection->job != NULL));
    }
    connection_free(&connection);
    require(atomic_load(&milter.open_messages) == 0);
    for (size_t i = 0; i < house.log.size; i++) {
        require(house.log.at[i] == '\n' || (house.log.at[i] >= ' ' && house.log.at[i] <= '~'));
    }
    site_holder_free(&milter.holder);
    fake_mta_free(&mta);
    house_close(&house);
    return 0;
}
