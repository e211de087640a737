/*
 * memory: what a simulation itself needs, apart from the product's, so that what the product has can be counted.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <stddef.h>

void	 sim_exact(char **argv);	/* first of all: from here on, what is free is not counted as in use */
void	*sim_alloc(size_t);		/* zeroed, for good */
void	 sim_begin(void);		/* all of it is free again */
void	*sim_zeroes(size_t);		/* what processes share, mapped; munmap() takes it away */
size_t	 sim_product_bytes(void);	/* that the product has allocated */
unsigned sim_trims(void);		/* so often it has given memory back to the system, in this world */

#endif
