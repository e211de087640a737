/*
 * stack_priv: reading files into a stack. Private to stack/.
 */
#ifndef STACK_STACK_PRIV_H
#define STACK_STACK_PRIV_H

#include "conf/tree.h"
#include "stack/stack.h"

struct stack_reader {
	struct stack	*s;
	const struct stack_reading *how;
	const char	*file;			/* that is read, the arena's */
	unsigned	 failures;
	struct stack_pair *net;			/* networks: by name in the files, in Docker ("": not said) */
	unsigned	 nnets;
};

/* What is wrong, or doubtful, at a line of the file that is read. */
void	stack_fail(struct stack_reader *, int line, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
void	stack_warn(struct stack_reader *, int line, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* The member with this key, if it is there and not empty. */
const struct tree *stack_member(const struct tree *map, const char *key);
/* The text of a scalar, the arena's; NULL, and a failure, when it is none. */
const char	*stack_text(struct stack_reader *, const struct tree *, const char *what);
/* More room for an item of an array: the array, copied. */
void	*stack_grow(struct stack *, void *array, unsigned n, size_t size);

/* stack_service.c: a service of the file, which may have been in an earlier one. */
void	stack_read_service(struct stack_reader *, const struct tree *);
/* stack_pairs.c: labels and variables, as a mapping or a list; texts of a command. */
void	stack_read_pairs(struct stack_reader *, const struct tree *, const char *what,
	    struct stack_pairs *);
void	stack_read_command(struct stack_reader *, const struct tree *, const char *what,
	    struct stack_texts *);
void	stack_add_text(struct stack *, struct stack_texts *, const char *);

#endif
