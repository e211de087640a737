/*
 * manners: what Mola may do with the connections of its clients and tasks, as its kernel sees it: no call that it knows to be in vain.
 */
#ifndef SIM_MANNERS_H
#define SIM_MANNERS_H

#include "kernel_priv.h"

void	manners_end(struct file *);		/* something has happened to its connection */
void	manners_recv(struct file *, bool peek, const void *, ssize_t got);	/* peek: at what it is, not only whether there is something */
void	manners_send(const struct file *, const void *, size_t);	/* is about to send these bytes */

#endif
