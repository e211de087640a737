/*
 * symbols: names of this program's own functions, those that are static, too, as its file has them.
 */
#ifndef MAIN_SYMBOLS_H
#define MAIN_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct symbols;

/* NULL: the file cannot be read, or was stripped. */
struct symbols	*symbols_open(const char *path);
void		 symbols_close(struct symbols **);
/* The function with `offset`, counted from where the program was loaded; NULL: none. It is the
 * file's text, up to symbols_close. */
const char	*symbols_name(const struct symbols *, uint64_t offset);

#endif
