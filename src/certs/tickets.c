#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/bug.h"
#include "base/clock.h"
#include "certs/tickets.h"

/* When the newest of our own keys was made: for the next brain, workers do not look at it. */
static const char made_name[] = "brain/tickets-made";

static void
key_make(unsigned char key[CERTS_TICKET_BYTES])
{
	size_t done = 0;
	ssize_t n;

	while (done < CERTS_TICKET_BYTES) {
		n = getrandom(key + done, CERTS_TICKET_BYTES - done, 0);
		if (n > 0)
			done += (size_t)n;
	}
}

static void
key_name(unsigned i, char out[24])
{
	snprintf(out, 24, "ticket/%u", i);
}

/* What was published were shared keys, too; as our own ones they open what they have encrypted. */
void
tickets_inherit(struct tickets *t, const struct secrets *s)
{
	struct str value;
	uint64_t made;
	char name[24];

	ASSERT(t->nown == 0);
	if (!secrets_find(s, STR(made_name), &value) || !str_to_u64(value, &made) || made > INT64_MAX)
		return;
	while (t->nown < TICKETS_OWN) {
		key_name(t->nown, name);
		if (!secrets_find(s, str_of(name), &value) || value.len != CERTS_TICKET_BYTES)
			break;
		memcpy(t->own[t->nown++], value.p, CERTS_TICKET_BYTES);
	}
	t->made_usec = (int64_t)made;
}

bool
tickets_turn(struct tickets *t, int64_t wall_usec)
{
	/* a clock that was set back by more than the time between two keys makes one too many */
	int64_t age = wall_usec - t->made_usec;

	if (t->nown > 0 && age < TICKETS_EVERY_USEC && age > -TICKETS_EVERY_USEC)
		return false;
	memmove(t->own[1], t->own[0], (TICKETS_OWN - 1) * sizeof t->own[0]);
	key_make(t->own[0]);
	if (t->nown < TICKETS_OWN)
		t->nown++;
	t->made_usec = wall_usec;
	return true;
}

bool
tickets_share(struct tickets *t, const unsigned char (*keys)[CERTS_TICKET_BYTES], unsigned n)
{
	ASSERT(n <= CERTS_TICKETS_MAX);
	if (n == t->nshared && (n == 0 || memcmp(t->shared, keys, n * sizeof *keys) == 0))
		return false;
	explicit_bzero(t->shared, sizeof t->shared);
	if (n > 0)
		memcpy(t->shared, keys, n * sizeof *keys);
	t->nshared = n;
	return true;
}

static bool
is_shared(const struct tickets *t, const unsigned char *key)
{
	for (unsigned i = 0; i < t->nshared; i++)
		if (memcmp(t->shared[i], key, CERTS_TICKET_BYTES) == 0)
			return true;
	return false;
}

void
tickets_write(const struct tickets *t, struct secrets_maker *m)
{
	char name[24];
	unsigned n = 0;

	for (unsigned i = 0; i < t->nshared; i++) {
		key_name(n++, name);
		secrets_maker_add(m, str_of(name),
		    (struct str){ (const char *)t->shared[i], CERTS_TICKET_BYTES });
	}
	for (unsigned i = 0; i < t->nown; i++) {
		if (is_shared(t, t->own[i]))
			continue;
		key_name(n++, name);
		secrets_maker_add(m, str_of(name), (struct str){ (const char *)t->own[i], CERTS_TICKET_BYTES });
	}
	snprintf(name, sizeof name, "%lld", (long long)t->made_usec);
	secrets_maker_add(m, STR(made_name), str_of(name));
}

void
tickets_wipe(struct tickets *t)
{
	explicit_bzero(t, sizeof *t);
}
