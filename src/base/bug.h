/*
 * bug: assertions that stay on. A bug aborts the process, with the place and the condition that was
 * false.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

#include <stdbool.h>
#include <stddef.h>

#define ASSERT(cond) ((cond) ? (void)0 : bug_die(__FILE__, __LINE__, __func__, #cond))
#define BUG(text) bug_die(__FILE__, __LINE__, __func__, text)

void bug_die(const char *file, int line, const char *func,
    const char *what) __attribute__((noreturn, cold));

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
/* To be called now and then: makes the reserve whole again, as soon as there is memory for it.
 * Returns how often it was spent since the last call. */
unsigned long alloc_restore(void);
/* For libraries that allocate by functions of ours: NULL when the reserve does not help either. */
void	*reserve_alloc(size_t bytes);
void	*reserve_realloc(void *, size_t bytes);
/* Where a library has found no memory: frees the reserve, for another try. False: it was spent. */
bool	 alloc_spend(void);

#endif
