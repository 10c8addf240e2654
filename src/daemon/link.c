/*
 * link: a pair of unix sockets that keep messages apart (SOCK_SEQPACKET).
 */
#include "daemon/link.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

bool link_open(int ends_r[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends_r) == 0;
}

bool link_say(int fd, enum link_word word, const char *text)
{
    char message[1 + LINK_TEXT_MAX];
    size_t size = text != NULL ? strnlen(text, LINK_TEXT_MAX) : 0;
    ssize_t sent;

    message[0] = (char)word;
    if (size > 0)
        memcpy(message + 1, text, size);
    do
        sent = send(fd, message, 1 + size, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return sent >= 0;
}

enum link_heard link_hear(int fd, enum link_word *word_r, char text_r[static LINK_TEXT_MAX + 1])
{
    char message[1 + LINK_TEXT_MAX];
    ssize_t size;

    do
        size = recv(fd, message, sizeof(message), MSG_DONTWAIT);
    while (size < 0 && errno == EINTR);
    if (size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
        return LINK_NOTHING;
    if (size <= 0)
        return LINK_ENDED;
    *word_r = (enum link_word)(unsigned char)message[0];
    memcpy(text_r, message + 1, (size_t)size - 1);
    text_r[size - 1] = '\0';
    return LINK_WORD;
}
