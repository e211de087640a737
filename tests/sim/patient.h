/*
 * patient: clients that send a body only when they are told to go on (RFC 9110, 10.1.1), tasks that do not tell them, and clients
 * that stop just there. Who is waited for is who is slow.
 */
#ifndef SIM_PATIENT_H
#define SIM_PATIENT_H

#include "ledger.h"

/* When all else about calls and services is known. */
void	patient_settle(struct plan *, struct rng);
/* It is not told to go on, and waits. */
bool	patient_is_ignored(const struct call *, bool slips);

void	patient_check(const struct entry *);

#endif
