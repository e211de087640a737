/*
 * stack_pairs: what a file may write in two ways: labels and variables as a mapping or as a list of
 * NAME=VALUE, commands as a list or as one line for a shell to split.
 */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "stack/stack_priv.h"

/*
 * One that was there before, in this file or an earlier one, is replaced; but docker stack deploy
 * takes an empty variable of a later file for one that is not there.
 */
static void
put_pair(struct stack_reader *r, const char *what, struct stack_pairs *pairs,
    struct stack_pair one)
{
	for (unsigned i = 0; i < pairs->n; i++) {
		struct stack_pair *old = &pairs->item[i];

		if (strcmp(old->name, one.name) != 0)
			continue;
		if (strcmp(what, "environment") != 0 || old->at.file == r->file || *one.value != '\0' ||
		    *old->value == '\0')
			*old = one;
		else
			stack_warn(r, one.at.line, "environment: docker stack deploy keeps %s of %s:%d; an "
			    "empty variable of a later file does not replace one", one.name, old->at.file,
			    old->at.line);
		return;
	}
	pairs->item = stack_grow(r->s, pairs->item, pairs->n, sizeof *pairs->item);
	pairs->item[pairs->n++] = one;
}

static void
pair_of_text(struct stack_reader *r, const struct tree *t, const char *what,
    struct stack_pairs *pairs)
{
	const char *text = stack_text(r, t, what), *equals = text == NULL ? NULL : strchr(text, '=');
	struct arena *a = r->s->arena;
	struct stack_pair one = { text, equals == NULL ? "" : equals + 1, { r->file, t->line } };

	if (text == NULL)
		return;
	if (equals != NULL)
		one.name = arena_text(a, (struct str){ text, (size_t)(equals - text) });
	put_pair(r, what, pairs, one);
}

void
stack_read_pairs(struct stack_reader *r, const struct tree *t, const char *what,
    struct stack_pairs *pairs)
{
	if (t == NULL)
		return;
	if (t->shape == TREE_SCALAR) {
		stack_fail(r, t->line, "%s: expected a mapping, or a list of NAME=VALUE", what);
		return;
	}
	for (const struct tree *m = t->first; m != NULL; m = m->next) {
		const char *value;
		if (t->shape == TREE_LIST)
			pair_of_text(r, m, what, pairs);
		else if ((value = m->empty ? "" : stack_text(r, m, what)) != NULL)
			put_pair(r, what, pairs, (struct stack_pair){ arena_text(r->s->arena, str_of(m->key)),
			    value, { r->file, m->line } });
	}
}

/* ---- commands ---- */

void
stack_add_text(struct stack *s, struct stack_texts *texts, const char *text)
{
	texts->item = stack_grow(s, texts->item, texts->n, sizeof *texts->item);
	texts->item[texts->n++] = text;
}

/* The next word of a line, as a shell has it: quotes, and backslashes outside single ones. */
static bool
next_word(struct str *rest, char *out, size_t *len)
{
	size_t n = 0, i = 0;
	char quote = '\0';
	bool any = false;

	while (i < rest->len && strchr(" \t\n", rest->p[i]) != NULL)
		i++;
	for (; i < rest->len && (quote != '\0' || strchr(" \t\n", rest->p[i]) == NULL); i++) {
		char c = rest->p[i];
		any = true;
		if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else if (quote != '\0' && c == quote)
			quote = '\0';
		else if (c == '\\' && quote != '\'' && i + 1 < rest->len)
			out[n++] = rest->p[++i];
		else
			out[n++] = c;
	}
	*rest = (struct str){ rest->p + i, rest->len - i };
	*len = n;
	return any;
}

static void
split_command(struct stack_reader *r, const char *line, struct stack_texts *texts)
{
	struct str rest = str_of(line);
	char *word = must_zalloc(rest.len + 1);
	size_t len;

	while (next_word(&rest, word, &len))
		stack_add_text(r->s, texts, arena_text(r->s->arena, (struct str){ word, len }));
	free(word);
}

void
stack_read_command(struct stack_reader *r, const struct tree *t, const char *what,
    struct stack_texts *texts)
{
	const struct stack_texts earlier = *texts;
	const char *text;

	if (t == NULL)
		return;
	*texts = (struct stack_texts){ NULL, 0 };
	if (t->shape == TREE_MAP)
		stack_fail(r, t->line, "%s: expected a list, or a line", what);
	else if (t->shape == TREE_SCALAR) {
		if ((text = stack_text(r, t, what)) != NULL)
			split_command(r, text, texts);
	} else
		for (const struct tree *m = t->first; m != NULL; m = m->next)
			if ((text = stack_text(r, m, what)) != NULL)
				stack_add_text(r->s, texts, text);
	if (texts->n > 0 || earlier.n == 0)
		return;
	*texts = earlier;
	stack_warn(r, t->line, "%s: docker stack deploy keeps that of an earlier file; an empty one does "
	    "not replace it", what);
}
