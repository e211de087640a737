/*
 * tls_memory: OpenSSL's memory. A handshake takes and gives 800 pieces of it. With
 * SSL_MODE_RELEASE_BUFFERS an idle connection has no buffers of records, and one that is busy takes
 * and gives one of 17 KB for each record. What was given back last is kept for the next that want
 * as much, who find it in the CPU's cache.
 */
#ifndef NET_TLS_MEMORY_H
#define NET_TLS_MEMORY_H

/* Before OpenSSL has allocated anything in this process; else it stays as it was. What is kept is
 * for the calling thread alone. */
void	tls_memory_init(void);

#endif
