/*
 * refusal: the rows of tbl/refusals.h as names and sentences.
 */
#include "base/bug.h"
#include "world/refusal.h"

/* Capitals in the table; people read them in lower case. */
static char names[REFUSAL_COUNT][20] = {
#define REFUSAL(id, text) #id,
#include "tbl/refusals.h"
#undef REFUSAL
};

static const char *const texts[REFUSAL_COUNT] = {
#define REFUSAL(id, text) text,
#include "tbl/refusals.h"
#undef REFUSAL
};

__attribute__((constructor)) static void
refusal_lower(void)
{
	for (int i = 0; i < REFUSAL_COUNT; i++)
		for (char *c = names[i]; *c != '\0'; c++)
			if (*c >= 'A' && *c <= 'Z')
				*c = (char)(*c - 'A' + 'a');
}

const char *
refusal_name(enum refusal r)
{
	ASSERT((unsigned)r < REFUSAL_COUNT);
	return names[r];
}

const char *
refusal_text(enum refusal r)
{
	ASSERT((unsigned)r < REFUSAL_COUNT);
	return texts[r];
}
