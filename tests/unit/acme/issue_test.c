/*
 * An attempt against a CA that says what a script has: what it is asked is checked line by line.
 */
#include "../turned_clock.h"

#include "acme/issue.c"
#include "acme/issue_challenge.c"

#include "../until.h"
#include "toy_store.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* Lines of scripts have what matters in them. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/* ---- the CA ---- */

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"
#define TOKEN2 "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"

struct line {				/* of a script */
	const char	*asked;		/* the URL's end, a blank, the payload's beginning */
	const char	*body;		/* NULL: no answer comes */
	long		 status;
	const char	*location;
	int64_t		 retry_after;
};

struct ca {
	struct loop	*loop;
	struct jose_key	*key;
	const struct line *script;
	unsigned	 at;
	struct timer	 timer;
	ca_done_f	*done;
	void		*arg;
	char		*issued;	/* what "CHAIN" in a script stands for */
	struct reply_directory directory;
};

static void
ca_due(void *arg)
{
	struct ca *ca = arg;
	const struct line *l = &ca->script[ca->at++];
	struct arena *a = arena_new();
	struct reply_problem p = { "", "" };
	const char *body = l->body == NULL ? "" : strcmp(l->body, "CHAIN") == 0 ? ca->issued : l->body;
	struct ca_reply r = { .status = l->status == 0 ? 200 : l->status, .body = str_of(body),
	    .location = l->location != NULL ? l->location : "", .retry_after = l->retry_after > 0 ? l->retry_after : -1 };
	ca_done_f *done = ca->done;

	if (l->status >= 400)
		reply_problem(a, r.body, &p);
	r.detail = p.text;
	r.type = p.type;
	r.why = l->body == NULL ? WHY_ACME_GONE : l->status == 429 ? WHY_ACME_LIMIT : l->status >= 400 ? WHY_ACME_REFUSED : NULL;
	ca->done = NULL;
	done(ca->arg, &r);
	arena_free(&a);
}

static struct buf
csr_of(struct str payload)
{
	json_t *j = json_loadb(payload.p, payload.len, 0, NULL);
	const char *csr = json_string_value(json_object_get(j, "csr"));
	struct buf der;

	buf_init(&der, 4096);
	if (csr != NULL)
		assert_true(base64url_decode(&der, str_of(csr)));
	json_decref(j);
	return der;
}

/* Signs the request itself, for its names. */
static void
ca_issue(struct ca *ca, struct str payload)
{
	struct buf der = csr_of(payload);
	char *text;
	long n;
	const unsigned char *p = (const unsigned char *)der.p;
	X509_REQ *req = der.len > 0 ? d2i_X509_REQ(NULL, &p, (long)der.len) : NULL;
	STACK_OF(X509_EXTENSION) *ext;
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *out = BIO_new(BIO_s_mem());

	buf_fini(&der);
	if (req != NULL) {
		ext = X509_REQ_get_extensions(req);
		X509_set_version(x, X509_VERSION_3);
		X509_gmtime_adj(X509_getm_notBefore(x), -60);
		X509_gmtime_adj(X509_getm_notAfter(x), 3600);
		X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"toy", -1, -1, 0);
		X509_set_pubkey(x, X509_REQ_get0_pubkey(req));
		for (int i = 0; i < sk_X509_EXTENSION_num(ext); i++)
			X509_add_ext(x, sk_X509_EXTENSION_value(ext, i), -1);
		X509_sign(x, key, EVP_sha256());
		PEM_write_bio_X509(out, x);
		n = BIO_get_mem_data(out, &text);
		free(ca->issued);
		ca->issued = str_dup((struct str){ text, (size_t)n });
		sk_X509_EXTENSION_pop_free(ext, X509_EXTENSION_free);
		X509_REQ_free(req);
	}
	BIO_free(out);
	X509_free(x);
	EVP_PKEY_free(key);
}

static void
ca_ask(struct ca *ca, const char *url, struct str payload, ca_done_f *done, void *arg)
{
	const struct line *l = &ca->script[ca->at];
	char asked[512];

	assert_null(ca->done);
	snprintf(asked, sizeof asked, "%s %.*s", url + strlen("https://ca"), STR_ARG(payload));
	if (l->asked == NULL)
		fail_msg("the script ends, but it was asked: %s", asked);
	if (strncmp(asked, l->asked, strlen(l->asked)) != 0)
		fail_msg("asked: %s; expected: %s", asked, l->asked);
	if (strstr(l->asked, "csr") != NULL)
		ca_issue(ca, payload);
	ca->done = done;
	ca->arg = arg;
	timer_set(ca->loop, &ca->timer, loop_now(ca->loop), ca_due, ca);
}

void
ca_post(struct ca *ca, const char *url, struct str payload, ca_done_f *done, void *arg)
{
	ca_ask(ca, url, payload, done, arg);
}

void
ca_read(struct ca *ca, const char *url, ca_done_f *done, void *arg)
{
	ca_ask(ca, url, STR(""), done, arg);
}

void
ca_order(struct ca *ca, struct str payload, ca_done_f *done, void *arg)
{
	ca_ask(ca, "https://ca/new-order", payload, done, arg);
}

void
ca_contact(struct ca *ca, ca_done_f *done, void *arg)
{
	ca_ask(ca, "https://ca/dir", STR(""), done, arg);
}

void
ca_cancel(struct ca *ca, const void *arg)
{
	if (ca->arg == arg) {
		timer_clear(ca->loop, &ca->timer);
		ca->done = NULL;
	}
}

const struct reply_directory *
ca_directory(const struct ca *ca)
{
	return &ca->directory;
}

const char *
ca_url(const struct ca *ca)
{
	(void)ca;
	return "https://ca/dir";
}

const struct jose_key *
ca_key(const struct ca *ca)
{
	return ca->key;
}

/* ---- the test ---- */

struct site {
	struct loop	*loop;
	struct toy_store *store;
	struct ca	 ca;
	struct arena	*arena;
	struct record_names names;
	char		 hash[RECORD_HASH_LEN + 1];
	struct issue	*issue;
	int		 ended;
	const struct why *why;
	char		 detail[200], chain[4096], notes[400];
	int64_t		 retry_after;
	unsigned	 failed;
};

static int
begin(void **state)
{
	struct site *s = must_zalloc(sizeof *s);
	static const char *const names[] = { "example.org" };

	s->loop = loop_new();
	s->store = toy_store_new(s->loop);
	s->store->lease_wanted = true;
	s->ca.loop = s->loop;
	s->ca.key = jose_key_new();
	s->arena = arena_new();
	record_names_make(s->arena, names, 1, &s->names);
	record_hash(&s->names, s->hash);
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct site *s = *state;

	issue_free(&s->issue);
	timer_clear(s->loop, &s->ca.timer);
	jose_key_free(&s->ca.key);
	free(s->ca.issued);
	s->store->store.ops->free(&s->store->store);
	loop_free(&s->loop);
	arena_free(&s->arena);
	free(s);
	return 0;
}

static void
on_note(void *arg, const char *what, const char *url)
{
	struct site *s = arg;

	assert_non_null(url);
	if (strcmp(what, "acme.phase") != 0)
		snprintf(s->notes + strlen(s->notes), sizeof s->notes - strlen(s->notes), "%s ", what);
}

static void
on_ended(void *arg, const struct issue_end *e)
{
	struct site *s = arg;

	s->ended++;
	s->why = e->why;
	snprintf(s->detail, sizeof s->detail, "%s", e->detail);
	snprintf(s->chain, sizeof s->chain, "%s", e->chain != NULL ? e->chain : "");
	s->retry_after = e->retry_after;
	s->failed = e->failed;
}

static void
start(struct site *s, const struct line *script, const struct issue_conf *like)
{
	struct issue_conf c = *like;

	issue_free(&s->issue);
	s->ca.script = script;
	s->ca.at = 0;
	s->ended = 0;
	c.loop = s->loop;
	c.ca = &s->ca;
	c.store = &s->store->store;
	c.names = &s->names;
	c.hash = s->hash;
	c.generation = 1;
	c.hook_usec = 3600 * USEC_PER_SEC;
	if (c.nchallenges == 0) {
		c.nchallenges = 1;
		c.challenge[0] = CHALLENGE_HTTP_01;
	}
	s->issue = issue_new(&c, on_note, on_ended, s);
}

static void
run(struct site *s, const struct line *script, const struct issue_conf *like)
{
	start(s, script, like);
	UNTIL(s->loop, s->ended);
	if (script[s->ca.at].asked != NULL)
		fail_msg("ended before: %s", script[s->ca.at].asked);
}

#define ORDER(status, more) "{\"status\":\"" status "\",\"authorizations\":[\"https://ca/z1\"],\"finalize\":\"https://ca/f\"" more "}"
#define AUTHZ(status, challenge_status, token) "{\"status\":\"" status "\",\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"}," \
	"\"challenges\":[{\"type\":\"dns-persist-01\",\"url\":\"https://ca/p\",\"status\":\"pending\"}," \
	"{\"type\":\"tls-alpn-01\",\"url\":\"https://ca/c2\",\"status\":\"" challenge_status "\",\"token\":\"" token "\"}," \
	"{\"type\":\"http-01\",\"url\":\"https://ca/c1\",\"status\":\"" challenge_status "\",\"token\":\"" token "\"}," \
	"{\"type\":\"dns-01\",\"url\":\"https://ca/c3\",\"status\":\"" challenge_status "\",\"token\":\"" token "\"}]}"
#define MADE { "/dir ", "{}" }, { "/new-order {\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"}]", ORDER("pending", ""), 201, "https://ca/o1" }

static const struct line whole[] = { MADE, { "/z1 ", AUTHZ("pending", "pending", TOKEN) }, { "/c1 {}", "{}" },
    { "/o1 ", ORDER("pending", "") }, { "/o1 ", ORDER("ready", "") }, { "/f {\"csr\":", ORDER("processing", "") },
    { "/o1 ", ORDER("valid", ",\"certificate\":\"https://ca/crt\"") }, { "/crt ", "CHAIN" }, { 0 } };

static struct record_order
recorded(struct site *s, unsigned attempt)
{
	char name[STORE_NAME_MAX];
	const struct store_object *o;
	struct record_order r;

	snprintf(name, sizeof name, "order.%s.1.%u", s->hash, attempt);
	o = store_find(&s->store->store, name);
	assert_non_null(o);
	assert_true(record_order_read(s->arena, o->data, &r));
	return r;
}

static void
an_order_becomes_a_certificate(void **state)
{
	struct site *s = *state;
	struct record_order r;
	struct buf answer;

	run(s, whole, &(struct issue_conf){ 0 });
	assert_null(s->why);
	assert_non_null(strstr(s->chain, "BEGIN CERTIFICATE"));
	r = recorded(s, 1);
	assert_string_equal(r.url, "https://ca/o1");
	assert_int_equal(r.nanswers, 1);
	buf_init(&answer, 256);
	jose_answer(s->ca.key, STR(TOKEN), &answer);
	assert_true(str_eq(buf_str(&answer), str_of(r.answer[0].answer)));
	assert_string_equal(s->notes, "acme.order_made ");
	buf_fini(&answer);
}

/*
 * Killed before any line of the script, and begun again: what is asked from then on depends on whether
 * the order was written down. The CA never sees a second order but for the kill before that.
 */
static void
a_kill_at_any_point_costs_no_second_order(void **state)
{
	static const struct line resumed[] = { { "/o1 ", ORDER("valid", ",\"certificate\":\"https://ca/crt\"") },
	    { "/crt ", "CHAIN" }, { 0 } };

	for (unsigned stop = 1; whole[stop].asked != NULL; stop++) {
		struct site *s;

		end(state);
		begin(state);
		s = *state;
		start(s, whole, &(struct issue_conf){ 0 });
		UNTIL(s->loop, s->ca.at == stop);
		issue_free(&s->issue);
		if (s->store->n == 0) {		/* the one orphan */
			assert_true(stop <= 3);
			run(s, whole, &(struct issue_conf){ 0 });
		} else if (s->ca.issued != NULL)
			run(s, resumed, &(struct issue_conf){ 0 });
		else
			run(s, (struct line[]){ { "/o1 ", ORDER("ready", "") }, { "/f {\"csr\":", ORDER("processing", "") },
			    resumed[0], resumed[1], { 0 } }, &(struct issue_conf){ 0 });
		assert_null(s->why);
		assert_int_equal(s->store->n, 1);
	}
}

static void
an_order_is_gone_on_with_where_it_is(void **state)
{
	static const struct line rest[] = { { "/o1 ", ORDER("pending", "") }, { "/z1 ", AUTHZ("pending", "pending", TOKEN) },
	    { "/c1 {}", "{}" }, { "/o1 ", ORDER("ready", "") }, { "/f {\"csr\":", ORDER("valid", ",\"certificate\":\"https://ca/crt\"") },
	    { "/crt ", "CHAIN" }, { 0 } };
	struct site *s = *state;

	start(s, whole, &(struct issue_conf){ 0 });
	UNTIL(s->loop, s->store->n == 1);
	run(s, rest, &(struct issue_conf){ 0 });
	assert_null(s->why);
	assert_string_equal(s->notes, "acme.order_made acme.order_resumed ");
}

static void
the_order_of_another_is_taken_over(void **state)
{
	static const struct line lost[] = { MADE, { "/z1 ", AUTHZ("pending", "pending", TOKEN) },
	    { "/o2 ", ORDER("valid", ",\"certificate\":\"https://ca/crt\"") }, { "/crt ", "no certificate" }, { 0 } };
	struct site *s = *state;

	s->store->rival = "{\"ca\":\"https://ca/dir\",\"order\":\"https://ca/o2\",\"key\":\"k\",\"names\":[\"example.org\"],\"answers\":[]}";
	run(s, lost, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_CERT);
	assert_string_equal(s->notes, "acme.order_made acme.order_left acme.order_resumed ");
	assert_int_equal(s->failed, 1);
}

static void
what_the_ca_found_wrong_is_said(void **state)
{
	static const struct line invalid[] = { MADE, { "/z1 ", AUTHZ("pending", "pending", TOKEN) }, { "/c1 {}", "{}" },
	    { "/o1 ", ORDER("invalid", "") },
	    { "/z1 ", "{\"status\":\"invalid\",\"identifier\":{\"type\":\"dns\",\"value\":\"example.org\"},\"challenges\":[{\"type\":\"http-01\","
	    "\"url\":\"https://ca/c1\",\"status\":\"invalid\",\"token\":\"" TOKEN "\",\"error\":{\"type\":\"urn:ietf:params:acme:error:connection\","
	    "\"detail\":\"10.0.0.1: Connection refused\"}}]}" }, { 0 } };
	static const struct line next[] = { MADE, { "/z1 ", NULL }, { 0 } };
	struct site *s = *state;

	run(s, invalid, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_INVALID);
	assert_string_equal(s->detail, "example.org: 10.0.0.1: Connection refused");
	assert_int_equal(s->failed, 1);
	run(s, next, &(struct issue_conf){ .failed = 1 });	/* another order */
	assert_ptr_equal(s->why, WHY_ACME_GONE);
	assert_int_equal(s->failed, 0);
}

static void
limits_and_absences_are_told_apart(void **state)
{
	struct site *s = *state;

	run(s, (struct line[]){ { "/dir ", NULL }, { 0 } }, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_GONE);
	run(s, (struct line[]){ { "/dir ", "{}" }, { "/new-order ", "{\"type\":\"urn:ietf:params:acme:error:rateLimited\","
	    "\"detail\":\"too many\"}", 429, NULL, 3600 }, { 0 } }, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_LIMIT);
	assert_string_equal(s->detail, "too many");
	assert_int_equal(s->retry_after, 3600);
	assert_int_equal(s->failed, 0);
	run(s, (struct line[]){ MADE, { "/z1 ", "{}" }, { 0 } }, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_REPLY);
}

static void
without_the_lease_nothing_is_done(void **state)
{
	struct site *s = *state;

	s->store->lease_taken = true;
	run(s, (struct line[]){ { 0 } }, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_LEASE);
	s->store->lease_taken = false;
	start(s, whole, &(struct issue_conf){ 0 });
	UNTIL(s->loop, s->store->n == 1);
	s->store->lease_taken = true;		/* in the middle: no challenge is sent */
	UNTIL(s->loop, s->ended);
	assert_ptr_equal(s->why, WHY_ACME_LEASE);
	assert_int_equal(s->ca.at, 3);
}

static void
a_wildcard_needs_the_hook(void **state)
{
	static const struct line only_http[] = { MADE, { "/z1 ", "{\"status\":\"pending\",\"wildcard\":true,\"identifier\":{\"type\":\"dns\","
	    "\"value\":\"example.org\"},\"challenges\":[{\"type\":\"dns-01\",\"url\":\"https://ca/c3\",\"status\":\"pending\",\"token\":\"" TOKEN
	    "\"}]}" }, { 0 } };
	static const struct line by_hook[] = { MADE, { "/z1 ", AUTHZ("pending", "pending", TOKEN) }, { "/c3 {}", "{}" },
	    { "/o1 ", ORDER("ready", "") }, { "/f {\"csr\":", ORDER("valid", ",\"certificate\":\"https://ca/crt\"") }, { "/crt ", "CHAIN" }, { 0 } };
	struct issue_conf dns = { .nchallenges = 1, .challenge = { CHALLENGE_DNS_01 }, .hook = "/bin/true" };
	struct site *s = *state;

	run(s, only_http, &(struct issue_conf){ 0 });
	assert_ptr_equal(s->why, WHY_ACME_CHALLENGE);
	assert_string_equal(s->detail, "example.org: a wildcard needs dns-01");
	run(s, by_hook, &dns);
	assert_null(s->why);
	dns.hook = "/bin/false";
	dns.failed = 1;
	run(s, (struct line[]){ MADE, { "/z1 ", AUTHZ("pending", "pending", TOKEN2) }, { 0 } }, &dns);
	assert_ptr_equal(s->why, WHY_ACME_HOOK);
	assert_non_null(strstr(s->detail, "status 1"));
}

/* The CA may have another in force than we think, and says so. */
static void
what_is_replaced_is_named_unless_the_ca_minds(void **state)
{
	struct site *s = *state;

	s->ca.directory.renewal_info = "https://ca/ari";
	s->ca.directory.profile[s->ca.directory.nprofiles++] = "short";
	run(s, (struct line[]){ { "/dir ", "{}" }, { "/new-order {\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"}],"
	    "\"profile\":\"short\",\"replaces\":\"aa.bb\"}", "{\"type\":\"urn:ietf:params:acme:error:alreadyReplaced\"}", 409 },
	    { "/dir ", "{}" }, { "/new-order {\"identifiers\":[{\"type\":\"dns\",\"value\":\"example.org\"}],\"profile\":\"short\"}",
	    NULL }, { 0 } }, &(struct issue_conf){ .replaces = "aa.bb", .profile = "short" });
	assert_ptr_equal(s->why, WHY_ACME_GONE);
	run(s, (struct line[]){ { "/dir ", "{}" }, { 0 } }, &(struct issue_conf){ .profile = "long" });
	assert_ptr_equal(s->why, WHY_ACME_REFUSED);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(an_order_becomes_a_certificate),
		CASE(a_kill_at_any_point_costs_no_second_order),
		CASE(an_order_is_gone_on_with_where_it_is),
		CASE(the_order_of_another_is_taken_over),
		CASE(what_the_ca_found_wrong_is_said),
		CASE(limits_and_absences_are_told_apart),
		CASE(without_the_lease_nothing_is_done),
		CASE(a_wildcard_needs_the_hook),
		CASE(what_is_replaced_is_named_unless_the_ca_minds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
