/*
 * setting_priv: what the readers of settings share. Private to world/.
 */
#ifndef WORLD_SETTING_PRIV_H
#define WORLD_SETTING_PRIV_H

#include "world/setting.h"

/* Writes `problem` and is false, to be returned. */
bool	setting_wrong(char *problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Texts, of which one word stands for NULL. `sound`: the text is one that may be. The problem is
 * that it is not what was expected, or the word. */
bool	setting_read_text(struct str, const char *word, bool sound, const char *expected, void *member,
	    struct arena *, char *problem);
bool	setting_write_text(const void *member, const char *word, struct buf *out);
bool	setting_same_text(const void *member, const void *other);
void	setting_set_text(void *member, const void *from);
void	setting_clear_text(void *member);

#endif
