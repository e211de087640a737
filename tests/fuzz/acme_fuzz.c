/*
 * What a CA says, and what stands in the store, which others may write to. The first byte chooses what it is; what is taken is fit to
 * be asked, told and renewed.
 */
#include <string.h>

#include "acme/base64url.h"
#include "acme/csr.h"
#include "acme/record.h"
#include "base/bug.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
url_check(const char *url)
{
	ASSERT(strncmp(url, "https://", 8) == 0 && strlen(url) <= REPLY_URL_MAX && strpbrk(url, " \"\r\n") == NULL);
}

static void
problem_check(const struct reply_problem *p)
{
	ASSERT(strlen(p->type) <= 64 && strlen(p->text) < 1000);
	for (const char *c = p->text; *c != '\0'; c++)
		ASSERT(*c >= ' ' && *c <= '~');
}

static void
authz_check(const struct reply_authz *z)
{
	ASSERT(z->name[0] != '\0' && z->nchallenges <= CHALLENGE_KINDS);
	for (unsigned i = 0; i < z->nchallenges; i++) {
		url_check(z->challenge[i].url);
		problem_check(&z->challenge[i].problem);
		ASSERT(reply_token(str_of(z->challenge[i].token)));
	}
}

static void
order_check(const struct reply_order *o)
{
	ASSERT(o->nauthz > 0 && o->nauthz <= REPLY_AUTHZ_MAX);
	url_check(o->finalize);
	for (unsigned i = 0; i < o->nauthz; i++)
		url_check(o->authz[i]);
	ASSERT(o->status != REPLY_VALID || o->certificate != NULL);
	problem_check(&o->problem);
}

static void
directory_check(const struct reply_directory *d)
{
	url_check(d->new_nonce);
	url_check(d->new_account);
	url_check(d->new_order);
	ASSERT(d->nprofiles <= REPLY_PROFILES_MAX);
}

static void
text_check(char which, struct str text)
{
	int64_t sec;
	struct buf b;

	buf_init(&b, 4096);
	if (which == 't' && (when_rfc3339(text, &sec) || when_http_date(text, &sec)))
		ASSERT(sec > -70000000000 && sec < 260000000000);
	if (which == 't')
		ASSERT(when_retry_after(text, 1000, 3600) <= 3600);
	if (which == 'b' && base64url_decode(&b, text)) {
		struct buf again;

		buf_init(&again, 8192);
		base64url_add(&again, buf_str(&b));
		ASSERT(str_eq(buf_str(&again), text));
		buf_fini(&again);
	}
	if (which == 'c')
		csr_renewal_id(text, &b);
	buf_fini(&b);
}

static void
names_check(const struct record_names *names)
{
	char hash[RECORD_HASH_LEN + 1];

	ASSERT(names->n > 0 && names->n <= REPLY_AUTHZ_MAX);
	for (unsigned i = 1; i < names->n; i++)
		ASSERT(strcmp(names->name[i - 1], names->name[i]) < 0);
	record_hash(names, hash);
	ASSERT(strlen(hash) == RECORD_HASH_LEN);
}

/* What was read, written and read again is the same. */
static void
record_check(struct arena *a, char which, struct str text)
{
	struct record_order *o = arena_zalloc(a, sizeof *o), *again = arena_zalloc(a, sizeof *again);
	char hash[RECORD_HASH_LEN + 1], name[64];
	unsigned generation, attempt;
	struct record_cert c;
	struct buf b;

	if (which == 'O' && record_order_read(a, text, o)) {
		names_check(&o->names);
		buf_init(&b, 16u << 20);
		record_order_write(o, &b);
		ASSERT(record_order_read(a, buf_str(&b), again) && again->nanswers == o->nanswers && str_eq(again->key, o->key));
		buf_fini(&b);
	}
	if (which == 'C' && record_cert_read(a, text, &c))
		names_check(&c.names);
	str_copy(name, sizeof name, text);
	if (which == 'N' && record_name_parse(name, hash, &generation, &attempt))
		ASSERT(generation > 0 && strlen(hash) == RECORD_HASH_LEN);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str text = { (const char *)bytes + 1, len - 1 };
	struct reply_directory d;
	struct reply_problem p;
	struct reply_order o;
	struct reply_authz z;
	struct when_window w;
	struct arena *a;

	if (len == 0)
		return 0;
	a = arena_new();
	if (bytes[0] == 'd' && reply_directory(a, text, &d))
		directory_check(&d);
	if (bytes[0] == 'o' && reply_order(a, text, &o))
		order_check(&o);
	if (bytes[0] == 'z' && reply_authz(a, text, &z))
		authz_check(&z);
	if (bytes[0] == 'r' && reply_renewal(text, &w))
		ASSERT(w.end > w.start);
	if (bytes[0] == 'p') {
		reply_problem(a, text, &p);
		problem_check(&p);
	}
	record_check(a, (char)bytes[0], text);
	text_check((char)bytes[0], text);
	arena_free(&a);
	return 0;
}
