/*
 * tls_buffers: OpenSSL's memory. With SSL_MODE_RELEASE_BUFFERS an idle connection has no buffers of
 * records, and one that is busy takes and gives one for each record. Those that were given back
 * last are kept for the next, which finds them in the CPU's cache.
 */
#ifndef NET_TLS_BUFFERS_H
#define NET_TLS_BUFFERS_H

/* Before OpenSSL has allocated anything in this process; else it stays as it was. */
void	tls_buffers_init(void);

#endif
