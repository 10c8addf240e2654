#include "tests/support/redis_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_MS 20000
#define ANSWER_MS 20000
#define ARGUMENTS_MAX 48
#define LINE_ROOM 4096
#define HEARD_ROOM 65536

static void give_up(const char *what)
{
    fprintf(stderr, "redis_server: %s: %s\n", what, strerror(errno));
    abort();
}

static long now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

bool redis_server_is_there(void)
{
    return system("redis-server --version >/dev/null 2>&1") == 0;
}

static struct sockaddr_in loopback(int port)
{
    return (struct sockaddr_in){ .sin_family = AF_INET,
                                 .sin_port = htons((uint16_t)port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* One that nobody has, and whose bus of a cluster (10000 above) is a port, too. */
static int free_port(void)
{
    for (;;) {
        struct sockaddr_in address = loopback(0);
        socklen_t size = sizeof(address);
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0) {
            give_up("no free port");
        }
        close(fd);
        if (ntohs(address.sin_port) < 55000) {
            return ntohs(address.sin_port);
        }
    }
}

static void run(const struct redis_server *server, pid_t parent)
{
    char port[16];
    const char *words[ARGUMENTS_MAX] = {
        "redis-server",
        "--bind",
        "127.0.0.1",
        "--port",
        port,
        "--unixsocket",
        server->path,
        "--dir",
        server->directory,
        "--save",
        "",
        "--appendonly",
        "no",
        "--daemonize",
        "no",
        "--logfile",
        "log",
        "--enable-debug-command",
        "yes",
    };
    size_t count = 0;
    snprintf(port, sizeof(port), "%d", server->port);
    while (words[count] != NULL) {
        count++;
    }
    for (size_t i = 0; server->options != NULL && server->options[i] != NULL; i++) {
        words[count++] = server->options[i];
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(1);
    }
    int nothing = open("/dev/null", O_RDWR);
    dup2(nothing, 0);
    dup2(nothing, 1);
    execvp(words[0], (char *const *)words);
    _exit(127);
}

static bool connect_link(struct redis_server *server)
{
    struct sockaddr_in address = loopback(server->port);
    struct timeval wait = { ANSWER_MS / 1000, 0 };
    server->link = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (server->link < 0) {
        give_up("socket");
    }
    setsockopt(server->link, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(server->link, (struct sockaddr *)&address, sizeof(address)) == 0) {
        return true;
    }
    close(server->link);
    server->link = -1;
    return false;
}

static void launch(struct redis_server *server)
{
    pid_t parent = getpid();
    long until_ms = now_ms() + START_MS;
    server->pid = fork();
    if (server->pid == 0) {
        run(server, parent);
    }
    while (!connect_link(server)) {
        if (now_ms() > until_ms || waitpid(server->pid, NULL, WNOHANG) != 0) {
            give_up("it does not start");
        }
        poll(NULL, 0, 5);
    }
}

void redis_server_start(struct redis_server *server, const char *const *options)
{
    *server = (struct redis_server){ .options = options, .link = -1 };
    strcpy(server->directory, "/tmp/test_redis.XXXXXX");
    if (mkdtemp(server->directory) == NULL) {
        give_up("no folder");
    }
    server->port = free_port();
    snprintf(server->address, sizeof(server->address), "127.0.0.1:%d", server->port);
    snprintf(server->path, sizeof(server->path), "%s/socket", server->directory);
    launch(server);
}

void redis_server_again(struct redis_server *server)
{
    launch(server);
}

void redis_server_signal(struct redis_server *server, int number)
{
    kill(server->pid, number);
}

void redis_server_kill(struct redis_server *server)
{
    if (server->pid > 0) {
        kill(server->pid, SIGKILL);
        waitpid(server->pid, NULL, 0);
        server->pid = 0;
    }
    if (server->link >= 0) {
        close(server->link);
        server->link = -1;
    }
}

void redis_server_end(struct redis_server *server)
{
    char command[128];
    redis_server_kill(server);
    snprintf(command, sizeof(command), "rm -rf '%s'", server->directory);
    if (system(command) != 0) {
        give_up("the folder stays");
    }
}

static void read_line(struct redis_server *server, char *line, size_t size)
{
    size_t count = 0;
    char c = 0;
    while (c != '\n') {
        if (recv(server->link, &c, 1, 0) != 1) {
            give_up("no answer");
        }
        if (count + 1 < size && c != '\r' && c != '\n') {
            line[count++] = c;
        }
    }
    line[count] = '\0';
}

/* Reads what else belongs to an answer that begins with this line. */
static void read_rest(struct redis_server *server, const char *line, char *text, size_t size)
{
    char inner[LINE_ROOM];
    long count = strtol(line + 1, NULL, 10);
    snprintf(text, size, "%s", line + (line[0] != '-'));
    if (line[0] == '$' && count < 0) {
        snprintf(text, size, "(nil)");
    } else if (line[0] == '$') {
        /* Texts of the tests have no line ends, but for INFO and CLUSTER, of which the first line
         * is as good as any. */
        size_t left = (size_t)count + 2, kept = 0;
        char c;
        while (left-- > 0 && recv(server->link, &c, 1, 0) == 1) {
            if (kept + 1 < size && left > 1) {
                text[kept++] = c;
            }
        }
        text[kept] = '\0';
    } else if (line[0] == '*') {
        for (long i = 0; i < count; i++) {
            char head[LINE_ROOM];
            read_line(server, head, sizeof(head));
            read_rest(server, head, i == 0 ? text : inner, i == 0 ? size : sizeof(inner));
        }
    }
}

void redis_server_tell(struct redis_server *server, const char *command)
{
    char line[LINE_ROOM];
    int size = snprintf(line, sizeof(line), "%s\r\n", command);
    if (server->link < 0 && !connect_link(server)) {
        give_up("it does not listen");
    }
    if (send(server->link, line, (size_t)size, MSG_NOSIGNAL) != size) {
        give_up("cannot send");
    }
}

/* False: it is an error. */
static bool hear(struct redis_server *server, char *text, size_t size)
{
    char line[LINE_ROOM];
    read_line(server, line, sizeof(line));
    read_rest(server, line, text, size);
    return line[0] != '-';
}

static char heard[HEARD_ROOM];

const char *redis_server_hear(struct redis_server *server)
{
    if (!hear(server, heard, sizeof(heard))) {
        fprintf(stderr, "redis_server: %s\n", heard);
        abort();
    }
    return heard;
}

const char *redis_server_say(struct redis_server *server, const char *format, ...)
{
    char command[LINE_ROOM];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof(command), format, args);
    va_end(args);
    bool may_fail = command[0] == '?';
    redis_server_tell(server, command + may_fail);
    if (!hear(server, heard, sizeof(heard)) && !may_fail) {
        fprintf(stderr, "redis_server: %s: %s\n", command, heard);
        abort();
    }
    return heard;
}
