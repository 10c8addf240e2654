/*
 * protocol: what goes over the control socket.
 *
 * A unix stream socket. The client sends one line, "WORD [json] [ARGUMENT ...]" (control/words.h),
 * ended by LF or by shutting down its side; the daemon answers and closes. The answer's first line
 * is "exit N", N being what egressctl ends with; what follows is text for people or one JSON
 * object. Requests: status, health, reload, restart, prove; limits, suppress and readiness have
 * arguments (control/report_limits.h, report_suppress.h, report_readiness.h). An answer without its
 * first line was cut
 * short.
 */
#ifndef EM_CONTROL_PROTOCOL_H
#define EM_CONTROL_PROTOCOL_H

#define CONTROL_REQUEST_MAX (64 * 1024) /* bytes of a request, its LF included */
#define CONTROL_ANSWER_MAX (64 * 1024 * 1024)
#define CONTROL_CLIENTS_MAX 16
#define CONTROL_DEADLINE_MS 5000       /* to send the request; to take the answer */
#define CONTROL_RELOAD_WAIT_MS 60000   /* a reload reads every key */
#define CONTROL_RESTART_WAIT_MS 200000 /* a check of the program on disk, then its start */

/* N of "exit N". */
enum control_exit {
    CONTROL_GOOD = 0,
    CONTROL_WARNING = 1,
    CONTROL_CRITICAL = 2,
    CONTROL_USAGE = 64,
    CONTROL_DENIED = 77, /* the peer may not ask this (EX_NOPERM) */
    CONTROL_INTERNAL = 70
};

#endif
