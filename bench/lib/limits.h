/*
 * limits: how many descriptors we may have.
 */
#ifndef BENCH_LIMITS_H
#define BENCH_LIMITS_H

unsigned	limits_raise(void);	/* to the most we may; returns it */

#endif
