/*
 * alloc: memory that is always there, for what Mola itself needs, and memory that may be refused,
 * for what others decide the amount of. free() gives back all of it.
 */
#ifndef BASE_ALLOC_H
#define BASE_ALLOC_H

#include <stdbool.h>
#include <stddef.h>

/* Memory at boot or of bounded small size: never NULL, aborts when there is none. `zalloc` is
 * zeroed. */
void	*must_alloc(unsigned long bytes);
void	*must_zalloc(unsigned long bytes);
void	*must_realloc(void *, unsigned long bytes);
char	*must_strdup(const char *);
char	*must_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Memory whose amount others decide, such as clients: NULL when there is none, and while the
 * reserve has been spent, which is what the functions above fall back on. Without alloc_reserve
 * there is no reserve.
 */
void	*try_alloc(unsigned long bytes);
void	 alloc_reserve(unsigned long bytes);
/*
 * Before the reserve, and for clients, too, there is a cushion of so many bytes: what has begun can
 * go on while others give memory back. 0: there is none. For one thread, the one that calls this.
 */
void	 alloc_cushion(unsigned long bytes);
/*
 * What it consists of, once it was spent: the largest piece that a client needs often, which is
 * OpenSSL's buffer for the messages of a handshake. Pages, which clients have most of, are of this
 * size, too, as far as the heap knows: so what one client gives back is of use to any other.
 */
#define ALLOC_PIECE_BYTES 21848
/* For libraries that allocate by functions of ours, for clients: realloc has just failed, and is
 * tried with what the cushion gives. NULL: there is no memory. */
void	*alloc_cushioned(void *, unsigned long bytes);
/* A part of the cushion or the reserve has been spent: who holds memory should give some back, and
 * free it. */
extern bool alloc_short;
/* Makes the cushion whole again, as far as there is memory for it. True: nothing is short. */
bool	 alloc_refill(void);
/* To be called now and then: makes all that is kept whole again, as soon as there is memory for it.
 * Returns how often some of it was spent since the last call. */
unsigned long alloc_restore(void);
/* For libraries that allocate by functions of ours: NULL when the reserve does not help either. */
void	*reserve_alloc(size_t bytes);
/* As calloc(3): zeroed; also NULL when the product is too large. */
void	*reserve_zalloc(size_t n, size_t bytes);
void	*reserve_realloc(void *, size_t bytes);
/* Where a library has found no memory: frees the reserve, for another try. False: it was spent. */
bool	 alloc_spend(void);

#endif
