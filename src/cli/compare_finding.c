/*
 * compare_finding: judges the texts of responses, and prints them. Knows no server, and sends
 * nothing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "cli/compare_finding.h"
#include "cli/grid.h"

#define SHOWN_MAX	(COMPARE_VALUE_MAX + COMPARE_WHY_MAX + 8)

static const struct {
	const char	*name;
	bool		 of_page;
} rows[COMPARED_COUNT] = {
#define COMPARED(id, name, of_page) { name, of_page },
#include "tbl/compared.h"
#undef COMPARED
};

static const char *const result_names[RESULTS] = { "same", "different", "varies", "silent" };

/* ---- judging ---- */

static bool
text_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Mola redirects or refuses by itself. */
static bool
is_own_page(const struct compare_answer *mola)
{
	return mola->came && mola->why[0] != '\0' &&
	    strtol(mola->text[COMPARED_STATUS], NULL, 10) >= 300;
}

/* For a GET, 308 is 301 and 307 is 302: Mola's listeners redirect with the former alone. */
static bool
status_same(const struct finding *f)
{
	static const char *const pairs[][2] = { { "301", "308" }, { "302", "307" } };
	const char *traefik = f->first.text[COMPARED_STATUS], *mola = f->mola.text[COMPARED_STATUS];

	for (size_t i = 0; i < 2 && is_own_page(&f->mola); i++)
		if (text_same(traefik, pairs[i][0]) && text_same(mola, pairs[i][1]))
			return true;
	return text_same(traefik, mola);
}

/* Of pages that say why there is no other, nobody needs a comparison: with different statuses, and
 * where both refuse or redirect, and Mola does so by itself. */
static bool
skips_page(const struct finding *f)
{
	return !status_same(f) || is_own_page(&f->mola);
}

/* Strict-Transport-Security is for responses by TLS, which nobody can state. */
static bool
is_skipped(const struct finding *f, int field)
{
	return (rows[field].of_page && skips_page(f)) || (field == COMPARED_HSTS && f->stated);
}

bool
finding_judge(struct finding *f)
{
	bool any = false;

	for (int i = 0; i < COMPARED_COUNT; i++) {
		if (text_same(f->first.text[i], f->mola.text[i]) || is_skipped(f, i) ||
		    (i == COMPARED_STATUS && status_same(f)))
			f->field[i] = FIELD_SAME;
		else
			f->field[i] = FIELD_DIFFERENT;
		if (!text_same(f->first.text[i], f->second.text[i]))
			f->field[i] = FIELD_VARIES;
		any |= f->field[i] == FIELD_DIFFERENT;
	}
	return any;
}

void
finding_confirm(struct finding *f, const struct finding *again)
{
	for (int i = 0; i < COMPARED_COUNT; i++)
		if (f->field[i] == FIELD_DIFFERENT && again->field[i] != FIELD_DIFFERENT)
			f->field[i] = FIELD_VARIES;
}

enum result
finding_result(const struct finding *f)
{
	if (!f->first.came && !f->second.came && !f->mola.came)
		return RESULT_SILENT;
	if (f->field[COMPARED_STATUS] == FIELD_VARIES)
		return RESULT_VARIES;
	for (int i = 0; i < COMPARED_COUNT; i++)
		if (f->field[i] == FIELD_DIFFERENT)
			return RESULT_DIFFERENT;
	return RESULT_SAME;
}

void
finding_fini(struct finding *f)
{
	compare_answer_fini(&f->first);
	compare_answer_fini(&f->mola);
	compare_answer_fini(&f->second);
}

/* ---- printing ---- */

/* "503 (route_refused)": who reads it wants to know whose response it is. */
static void
value_text(const struct compare_answer *a, int field, char *out, size_t cap)
{
	bool own = field == COMPARED_STATUS && a->why[0] != '\0';

	ASSERT(field >= 0 && field < COMPARED_COUNT);
	snprintf(out, cap, "%s%s%s%s", a->text[field] == NULL ? "none" : a->text[field],
	    own ? " (" : "", own ? a->why : "", own ? ")" : "");
}

void
finding_print(const struct finding *f, const struct compare_address *at)
{
	char traefik[SHOWN_MAX], mola[SHOWN_MAX];
	struct printable one, other, address;
	const char *before = ": varies: ";

	printable(at->text, &address);
	if (finding_result(f) == RESULT_SILENT) {
		printf("%s: neither responds\n", address.text);
		return;
	}
	for (int i = 0; i < COMPARED_COUNT; i++)
		if (f->field[i] == FIELD_DIFFERENT) {
			value_text(&f->first, i, traefik, sizeof traefik);
			value_text(&f->mola, i, mola, sizeof mola);
			printf("%s: %s: Traefik %s, Mola %s\n", address.text, rows[i].name,
			    printable(traefik, &one), printable(mola, &other));
		}
	for (int i = 0; i < COMPARED_COUNT; i++)
		if (f->field[i] == FIELD_VARIES) {
			printf("%s%s%s", before[0] == ':' ? address.text : "", before, rows[i].name);
			before = ", ";
		}
	if (before[0] == ',')
		printf("\n");
	fflush(stdout);
}

static json_t *
value_json(const char *text)
{
	json_t *j = text == NULL ? json_null() : json_string(text);

	return j != NULL ? j : json_string("not UTF-8");
}

json_t *
finding_json(const struct finding *f, const struct compare_address *at)
{
	json_t *differences = json_array(), *varies = json_array();

	for (int i = 0; i < COMPARED_COUNT; i++)
		if (f->field[i] == FIELD_DIFFERENT)
			json_array_append_new(differences, json_pack("{s:s, s:o, s:o}", "field", rows[i].name,
			    "traefik", value_json(f->first.text[i]), "mola", value_json(f->mola.text[i])));
		else if (f->field[i] == FIELD_VARIES)
			json_array_append_new(varies, json_string(rows[i].name));
	return json_pack("{s:s, s:s, s:s, s:s, s:o, s:o, s:o}", "address", at->text,
	    "service", at->service, "router", at->router,
	    "result", result_names[finding_result(f)],
	    "why", value_json(f->mola.why[0] == '\0' ? NULL : f->mola.why),
	    "differences", differences, "varies", varies);
}
