/*
 * setting_priv: what the readers of settings share. Private to world/.
 */
#ifndef WORLD_SETTING_PRIV_H
#define WORLD_SETTING_PRIV_H

#include "base/bug.h"
#include "world/setting.h"

/* Writes `problem` and is false, to be returned. */
bool	setting_wrong(char *problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* read_WHAT and write_WHAT of a type whose values are words: an enum, whose first is 0. */
#define SETTING_WORDS(what, type, words) \
static bool \
read_##what(struct str s, struct setting_range range, void *member, struct arena *a, \
    char *problem) \
{ \
	int at = setting_word(s, words, problem); \
	(void)range, (void)a; \
	if (at >= 0) \
		*(type *)member = (type)at; \
	return at >= 0; \
} \
static bool \
write_##what(const void *member, struct buf *out) \
{ \
	ASSERT((unsigned)*(const type *)member < sizeof words / sizeof *words - 1); \
	return buf_adds(out, str_of(words[*(const type *)member])); \
}

/* Texts, of which one word stands for NULL. `sound`: the text is one that may be. The problem is
 * that it is not what was expected, or the word. */
bool	setting_read_text(struct str, const char *word, bool sound, const char *expected, void *member,
	    struct arena *, char *problem);
bool	setting_write_text(const void *member, const char *word, struct buf *out);
bool	setting_same_text(const void *member, const void *other);
void	setting_set_text(void *member, const void *from);
void	setting_clear_text(void *member);

#endif
