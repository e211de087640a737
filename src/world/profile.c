/*
 * profile: names and numbers in, a value out, and back. The named profiles stand in tbl/profiles.h.
 * Must not know nodes or samples.
 */
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "world/profile.h"

#define LINK_LEAST	1e4		/* bits per second */
#define LINK_MOST	1e13

#define LIMIT(soft, hard)	{ soft, hard }
#define NO_LIMIT		{ 0, 0 }
#define PROFILE(id, name, cpu, ram, io, net, of_cpu, of_ram, of_io, of_net, text) \
	[PROFILE_##id] = { \
		.weight = { [RESOURCE_CPU] = cpu, [RESOURCE_RAM] = ram, \
		    [RESOURCE_IO] = io, [RESOURCE_NET] = net }, \
		.limit = { [RESOURCE_CPU] = of_cpu, [RESOURCE_RAM] = of_ram, \
		    [RESOURCE_IO] = of_io, [RESOURCE_NET] = of_net }, \
		.link = PROFILE_LINK },
const struct profile profile_all[PROFILE_COUNT] = {
#include "tbl/profiles.h"
};
#undef PROFILE
_Static_assert(RESOURCE_COUNT == 4,
    "tbl/profiles.h: PROFILE has a weight and a limit for each RESOURCE");

/* Two profiles, or two resources, of one name do not compile. */
enum {
#define PROFILE(id, name, ...) NAME_OF_PROFILE_##name,
#define RESOURCE(id, name, alias, measure) NAME_OF_RESOURCE_##name,
#include "tbl/profiles.h"
#undef PROFILE
#undef RESOURCE
};

static const char *const names[PROFILE_COUNT] = {
#define PROFILE(id, name, ...) #name,
#include "tbl/profiles.h"
#undef PROFILE
};

static const struct {
	const char	*name, *alias;
} resources[RESOURCE_COUNT] = {
#define RESOURCE(id, name, alias, measure) { #name, #alias },
#include "tbl/profiles.h"
#undef RESOURCE
};

static bool
resource_of(struct str s, int *out)
{
	for (int r = 0; r < RESOURCE_COUNT; r++)
		if (str_eq(s, str_of(resources[r].name)) || str_eq(s, str_of(resources[r].alias))) {
			*out = r;
			return true;
		}
	return false;
}

static bool
name_read(struct str s, struct profile *p)
{
	for (int i = 0; i < PROFILE_COUNT; i++)
		if (str_eq(s, str_of(names[i]))) {
			*p = profile_all[i];
			return true;
		}
	return false;
}

/* In [least, most]. */
static bool
number_read(struct str s, double least, double most, double *out)
{
	double x;

	ASSERT(least <= most);
	if (!form_number(s, &x) || !(x >= least && x <= most))
		return false;
	*out = x;
	return true;
}

bool
profile_limit_read(struct str s, struct profile_limit *out)
{
	struct profile_limit l = { 0, 0 };
	struct str soft;

	if (str_eq(s, STR("none"))) {
		*out = l;
		return true;
	}
	if (!str_split(&s, '-', &soft) || !number_read(soft, 0, 1, &l.soft) ||
	    !number_read(s, 0, 1, &l.hard) || !(l.soft < l.hard))
		return false;
	*out = l;
	return true;
}

void
profile_limit_write(const struct profile_limit *l, struct buf *out)
{
	ASSERT(l->hard == 0 || (l->soft >= 0 && l->soft < l->hard && l->hard <= 1));
	if (l->hard > 0)
		buf_printf(out, "%.4g-%.4g", l->soft, l->hard);
	else
		buf_printf(out, "none");
}

/* Bits per second: "1G", "100M", "2.5G". */
static bool
link_read(struct str s, double *bytes)
{
	static const char units[] = "KMG";
	const char *unit = s.len > 0 ? memchr(units, s.p[s.len - 1], 3) : NULL;
	double scale = 1, bits;

	for (const char *u = units; unit != NULL && u <= unit; u++)
		scale *= 1000;
	if (unit != NULL)
		s.len--;
	if (!number_read(s, LINK_LEAST / scale, LINK_MOST / scale, &bits))
		return false;
	*bytes = bits * scale / 8;
	return true;
}

/* What was read of a text so far. */
struct profile_reader {
	struct profile	 profile;
	bool		 began;			/* a word was read */
	bool		 weighed;		/* a weight was, so those not named are 0 */
};

static const struct why *
pair_read(struct profile_reader *r, struct str key, struct str value)
{
	int resource;

	if (str_eq(key, STR("like")))
		return !r->began && name_read(value, &r->profile) ? NULL : WHY_BAD_PROFILE;
	if (str_eq(key, STR("link")))
		return link_read(value, &r->profile.link) ? NULL : WHY_BAD_LINK;
	if (str_starts(key, STR("limits."))) {
		if (!resource_of((struct str){ key.p + 7, key.len - 7 }, &resource))
			return WHY_BAD_LIMITS;
		return profile_limit_read(value, &r->profile.limit[resource]) ? NULL : WHY_BAD_LIMITS;
	}
	if (!resource_of(key, &resource))
		return WHY_BAD_PROFILE;
	if (!r->weighed)
		memset(r->profile.weight, 0, sizeof r->profile.weight);
	r->weighed = true;
	return number_read(value, 0, 1e6, &r->profile.weight[resource]) ? NULL : WHY_BAD_PROFILE;
}

static const struct why *
word_read(struct profile_reader *r, struct str word)
{
	const struct why *why;
	struct str key;

	if (memchr(word.p, '=', word.len) == NULL)
		why = !r->began && name_read(word, &r->profile) ? NULL : WHY_BAD_PROFILE;
	else {
		str_split(&word, '=', &key);
		why = pair_read(r, key, word);
	}
	r->began = true;
	return why;
}

/* Weights that sum to 1; false: there are none. */
static bool
weights_scale(double *weight)
{
	double sum = 0;

	for (int i = 0; i < RESOURCE_COUNT; i++) {
		ASSERT(weight[i] >= 0);
		sum += weight[i];
	}
	for (int i = 0; i < RESOURCE_COUNT && sum > 0; i++)
		weight[i] /= sum;
	return sum > 0;
}

/* The next word of a text whose words stand apart by commas and blanks. */
static bool
word_next(struct str *text, struct str *word)
{
	size_t n = 0;

	while (text->len > 0 && memchr(", \t", text->p[0], 3) != NULL)
		*text = (struct str){ text->p + 1, text->len - 1 };
	while (n < text->len && memchr(", \t", text->p[n], 3) == NULL)
		n++;
	*word = (struct str){ text->p, n };
	*text = (struct str){ text->p + n, text->len - n };
	return n > 0;
}

const struct why *
profile_parse(struct str text, struct profile *out)
{
	struct profile_reader r = { .profile = profile_all[PROFILE_BALANCED] };
	const struct why *why = NULL;
	struct str word;

	while (why == NULL && word_next(&text, &word))
		why = word_read(&r, word);
	if (why == NULL && (!r.began || (r.weighed && !weights_scale(r.profile.weight))))
		why = WHY_BAD_PROFILE;
	if (why == NULL)
		*out = r.profile;
	return why;
}

const struct profile *
profile_or_balanced(const struct profile *p)
{
	return p->link > 0 ? p : &profile_all[PROFILE_BALANCED];
}

bool
profile_same(const struct profile *a, const struct profile *b)
{
	return memcmp(profile_or_balanced(a), profile_or_balanced(b), sizeof *a) == 0;
}

static int
place_of(const struct profile *p)
{
	int i = 0;

	while (i < PROFILE_COUNT && !profile_same(p, &profile_all[i]))
		i++;
	return i;
}

const char *
profile_name(const struct profile *p)
{
	int i = place_of(p);

	return i < PROFILE_COUNT ? names[i] : "own";
}

void
profile_write(const struct profile *p, struct buf *out)
{
	const char *comma = "";

	ASSERT(p->link >= 0);
	if (place_of(p) < PROFILE_COUNT) {
		buf_printf(out, "%s", profile_name(p));
		return;
	}
	for (int i = 0; i < RESOURCE_COUNT; i++)
		if (p->weight[i] > 0) {
			buf_printf(out, "%s%s=%.4g", comma, resources[i].name, p->weight[i]);
			comma = ",";
		}
	for (int i = 0; i < RESOURCE_COUNT; i++) {
		buf_printf(out, ",limits.%s=", resources[i].name);
		profile_limit_write(&p->limit[i], out);
	}
	if (p->link != PROFILE_LINK)
		buf_printf(out, ",link=%.6gM", p->link * 8 / 1e6);
}
