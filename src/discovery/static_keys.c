/*
 * static_keys: settings of a Traefik that do not hold for Mola as they are, for people. Values of
 * entry points alone are shown: others may be secrets.
 */
#include <string.h>

#include "base/bug.h"
#include "discovery/traefik_static.h"

#define NOTES_MAX	128
#define LABEL_NONE	LABEL_STATES	/* of what is not shown */

static const struct static_key keys[] = {
#define STATIC_KEY(path, state, setting, text) { path, setting, text, LABEL_##state },
#include "tbl/static_keys.h"
};

static bool
key_has(const struct static_key *k, const struct str *word, unsigned n)
{
	struct str rest = str_of(k->path), part;
	unsigned i = 0;

	while (str_split(&rest, '.', &part)) {
		if (i == n || (!str_eq(part, STR("*")) && !str_eq_nocase(part, word[i])))
			return false;
		i++;
	}
	return true;
}

static const struct static_key *
key_find(const struct str *word, unsigned n)
{
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (key_has(&keys[i], word, n))
			return keys[i].state == LABEL_NONE ? NULL : &keys[i];
	return NULL;
}

/* Items of a list have one name, and are one note. */
static struct static_note *
note_of(struct arena *a, struct traefik_static *s, const char *name)
{
	for (unsigned i = 0; i < s->nnotes; i++)
		if (strcasecmp(s->note[i].name, name) == 0)
			return &s->note[i];
	if (s->note == NULL)
		s->note = arena_zalloc(a, NOTES_MAX * sizeof *s->note);
	if (s->nnotes == NOTES_MAX)
		return NULL;
	s->note[s->nnotes] = (struct static_note){ .name = name };
	return &s->note[s->nnotes++];
}

void
static_keys_note(struct arena *a, struct traefik_static *s, const struct str *word, unsigned n,
    struct str value)
{
	const struct static_key *key = key_find(word, n);
	struct static_note *note;
	const char *name = "";

	ASSERT(n > 0);
	if (key == NULL)
		return;
	for (unsigned i = 0; i < n; i++)
		name = arena_printf(a, "%s%s%.*s", name, i == 0 ? "" : ".", STR_ARG(word[i]));
	note = note_of(a, s, name);
	if (note == NULL)
		return;
	note->key = key;
	note->value = str_eq_nocase(word[0], STR("entrypoints")) ? arena_text(a, value) : "";
}
