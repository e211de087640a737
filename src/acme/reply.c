/*
 * reply: jansson parses, and each member is taken by a function that checks it.
 */
#include <ctype.h>
#include <jansson.h>
#include <string.h>

#include "acme/reply.h"
#include "base/bug.h"
#include "base/word.h"

#define TEXT_MAX	600		/* bytes of a problem's text */
#define URN		"urn:ietf:params:acme:error:"

const char *const challenge_names[CHALLENGE_KINDS + 1] = {
	"http-01", "tls-alpn-01", "dns-01", NULL
};

static json_t *
object_of(struct str json)
{
	json_t *j = json_loadb(json.p, json.len, JSON_REJECT_DUPLICATES, NULL);

	if (j == NULL || json_is_object(j))
		return j;
	json_decref(j);
	return NULL;
}

static struct str
text_of(const json_t *j)
{
	return json_is_string(j) ? (struct str){ json_string_value(j), json_string_length(j) }
	    : (struct str){ "", 0 };
}

/* NULL: it is none that we would ask. */
static const char *
url_of(struct arena *a, const json_t *j)
{
	struct str s = text_of(j);

	if (!str_starts(s, STR("https://")) || s.len == 8 || s.len > REPLY_URL_MAX)
		return NULL;
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~' || s.p[i] == '"' || s.p[i] == '\\')
			return NULL;
	return arena_text(a, s);
}

static enum reply_status
status_of(const json_t *object)
{
	static const char *const words[] = { "pending", "ready", "processing", "valid", "invalid", NULL };
	int at = word_place(text_of(json_object_get(object, "status")), words);

	return at < 0 ? REPLY_OTHER : (enum reply_status)at;
}

bool
reply_token(struct str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!isalnum((unsigned char)s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	return s.len >= REPLY_TOKEN_MIN && s.len <= REPLY_TOKEN_MAX;
}

/* ---- problems ---- */

/* Adds what is printable ASCII in it; blanks and controls become one blank. */
static void
add_line(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.p[i] > ' ' && s.p[i] <= '~' ? s.p[i] : ' ';

		if (c != ' ' || (b->len > 0 && b->p[b->len - 1] != ' '))
			buf_add(b, &c, 1);
	}
}

static void
add_part(struct buf *b, const json_t *part)
{
	struct str name = text_of(json_object_get(json_object_get(part, "identifier"), "value"));
	struct str detail = text_of(json_object_get(part, "detail"));

	if (detail.len == 0)
		return;
	if (b->len > 0)
		buf_adds(b, STR("; "));
	if (name.len > 0) {
		add_line(b, name);
		buf_adds(b, STR(": "));
	}
	add_line(b, detail);
}

static void
problem_of(struct arena *a, const json_t *j, struct reply_problem *p)
{
	struct str type = text_of(json_object_get(j, "type"));
	const json_t *parts = json_object_get(j, "subproblems");
	struct buf b;

	if (str_starts(type, STR(URN)))
		type = (struct str){ type.p + sizeof URN - 1, type.len - (sizeof URN - 1) };
	buf_init(&b, TEXT_MAX);
	add_part(&b, j);
	for (size_t i = 0; i < json_array_size(parts); i++)
		add_part(&b, json_array_get(parts, i));
	if (b.len == 0)
		add_line(&b, type);
	p->type = type.len <= 64 ? arena_text(a, type) : "";
	p->text = arena_text(a, str_trim(buf_str(&b)));
	buf_fini(&b);
}

void
reply_problem(struct arena *a, struct str body, struct reply_problem *p)
{
	json_t *j = object_of(body);

	problem_of(a, j, p);
	json_decref(j);
}

/* ---- the directory ---- */

static void
profiles_take(struct arena *a, json_t *profiles, struct reply_directory *d)
{
	const char *name;
	json_t *text;

	json_object_foreach(profiles, name, text)
		if (d->nprofiles < REPLY_PROFILES_MAX)
			d->profile[d->nprofiles++] = arena_text(a, str_of(name));
}

bool
reply_directory(struct arena *a, struct str json, struct reply_directory *out)
{
	json_t *j = object_of(json), *meta = json_object_get(j, "meta");
	struct reply_directory d = {
		.new_nonce = url_of(a, json_object_get(j, "newNonce")),
		.new_account = url_of(a, json_object_get(j, "newAccount")),
		.new_order = url_of(a, json_object_get(j, "newOrder")),
		.renewal_info = url_of(a, json_object_get(j, "renewalInfo")),
		.needs_eab = json_is_true(json_object_get(meta, "externalAccountRequired")),
	};
	bool good = d.new_nonce != NULL && d.new_account != NULL && d.new_order != NULL;

	profiles_take(a, json_object_get(meta, "profiles"), &d);
	json_decref(j);
	if (good)
		*out = d;
	return good;
}

/* ---- orders and authorizations ---- */

bool
reply_order(struct arena *a, struct str json, struct reply_order *out)
{
	json_t *j = object_of(json), *list = json_object_get(j, "authorizations");
	struct reply_order o = { .status = status_of(j) };
	bool good;

	o.finalize = url_of(a, json_object_get(j, "finalize"));
	o.certificate = url_of(a, json_object_get(j, "certificate"));
	problem_of(a, json_object_get(j, "error"), &o.problem);
	good = j != NULL && json_array_size(list) > 0 && json_array_size(list) <= REPLY_AUTHZ_MAX
	    && o.finalize != NULL && (o.status != REPLY_VALID || o.certificate != NULL);
	for (size_t i = 0; good && i < json_array_size(list); i++) {
		o.authz[o.nauthz] = url_of(a, json_array_get(list, i));
		good = o.authz[o.nauthz++] != NULL;
	}
	json_decref(j);
	if (good)
		*out = o;
	return good;
}

/* What kind it is comes first: a kind that is not known may have none of the other members. */
static bool
challenge_take(struct arena *a, const json_t *j, struct reply_authz *z)
{
	int kind = word_place(text_of(json_object_get(j, "type")), challenge_names);
	struct str token = text_of(json_object_get(j, "token"));
	struct reply_challenge *c;

	if (kind < 0)
		return true;
	for (unsigned i = 0; i < z->nchallenges; i++)
		if (z->challenge[i].kind == (enum challenge_kind)kind)
			return true;
	ASSERT(z->nchallenges < CHALLENGE_KINDS);
	c = &z->challenge[z->nchallenges++];
	c->kind = (enum challenge_kind)kind;
	c->url = url_of(a, json_object_get(j, "url"));
	c->status = status_of(j);
	problem_of(a, json_object_get(j, "error"), &c->problem);
	if (c->url == NULL || !reply_token(token))
		return false;
	c->token = arena_text(a, token);
	return true;
}

bool
reply_authz(struct arena *a, struct str json, struct reply_authz *out)
{
	json_t *j = object_of(json), *list = json_object_get(j, "challenges");
	json_t *id = json_object_get(j, "identifier");
	struct reply_authz z = { .status = status_of(j),
	    .wildcard = json_is_true(json_object_get(j, "wildcard")) };
	struct str name = text_of(json_object_get(id, "value"));
	bool good = j != NULL && str_eq(text_of(json_object_get(id, "type")), STR("dns"))
	    && name.len > 0 && name.len <= 253 && json_array_size(list) <= REPLY_CHALLENGES_MAX;

	for (size_t i = 0; good && i < json_array_size(list); i++)
		good = challenge_take(a, json_array_get(list, i), &z);
	if (good) {
		char *copy = arena_text(a, name);

		for (char *p = copy; *p != '\0'; p++)
			*p = (char)tolower((unsigned char)*p);
		z.name = copy;
		*out = z;
	}
	json_decref(j);
	return good;
}

/* ---- when to renew ---- */

bool
reply_renewal(struct str json, struct when_window *out)
{
	json_t *j = object_of(json), *w = json_object_get(j, "suggestedWindow");
	struct when_window window;
	bool good = when_rfc3339(text_of(json_object_get(w, "start")), &window.start)
	    && when_rfc3339(text_of(json_object_get(w, "end")), &window.end)
	    && window.end > window.start;		/* RFC 9773, 4.2: else it is an error */

	json_decref(j);
	if (good)
		*out = window;
	return good;
}

void
reply_field(struct str value, char *out, size_t cap)
{
	out[0] = '\0';
	for (size_t i = 0; i < value.len; i++)
		if (value.p[i] < ' ' || value.p[i] > '~' || value.p[i] == '"' || value.p[i] == '\\')
			return;
	if (value.len < cap)
		str_copy(out, cap, value);
}
