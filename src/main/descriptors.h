/*
 * descriptors: how many this process may open, and so how many clients a worker can serve.
 */
#ifndef MAIN_DESCRIPTORS_H
#define MAIN_DESCRIPTORS_H

/* As many as we may have without asking anybody; children inherit it. */
void		descriptors_raise(void);

/* At most `wanted` clients for a worker: a client that is served takes two descriptors, its own
 * and its task's. */
unsigned	descriptors_clients(unsigned wanted);

#endif
