/*
 * notify: how systemd learns what the service does: lines of NAME=value, as sd_notify(3) has them,
 * to the socket that NOTIFY_SOCKET names. Where it names none, nothing happens.
 */
#ifndef MAIN_NOTIFY_H
#define MAIN_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Clients are served, or the new configuration is in force. */
void	notify_ready(void);
/* Another configuration is read; notify_ready follows, whatever comes of it. */
void	notify_reloading(void);
void	notify_stopping(void);
/* Another process is the service's first one from now on. False: systemd was not reached, and errno
 * is why. */
bool	notify_successor(pid_t);
/* A sign of life, when one is due (WATCHDOG_USEC): to be called several times a second. */
void	notify_beat(int64_t now_usec);

#endif
