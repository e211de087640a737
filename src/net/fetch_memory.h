/*
 * fetch_memory: what curl allocates. It takes 22 KB for each transfer, and meanwhile 2 KB for a
 * connection that stays open: from one heap, thousands of connections would keep as many holes
 * apart.
 */
#ifndef NET_FETCH_MEMORY_H
#define NET_FETCH_MEMORY_H

#include <stdbool.h>

bool	fetch_memory_init(void);	/* in place of curl_global_init */

#endif
