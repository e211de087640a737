/*
 * Which certificates are due, and what becomes of them: with a store in memory, attempts that end as the
 * test wants it, and a shelf in the place of certs/.
 */
#include "../turned_clock.h"

#include "acme/acme.c"
#include "acme/acme_order.c"
#include "acme/acme_read.c"
#include "acme/wanted.c"

#include "../until.h"
#include "toy_store.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>

/* ---- in the place of others ---- */

struct shelf {				/* certs/ */
	char		 id[8][CERTS_ID_MAX], pem[8][8192];
	unsigned	 n;
	char		 challenge[8][200];
	unsigned	 nchallenges;
	char		 note[CERTS_DETAIL_MAX];
	const struct why *note_why;
	const struct certs_source *source;
};
static struct shelf shelf;

static int
shelf_place(const char *id)
{
	for (unsigned i = 0; i < shelf.n; i++)
		if (strcmp(shelf.id[i], id) == 0)
			return (int)i;
	return -1;
}

const struct why *
certs_put(struct certs *c, const char *id, struct str pem, char detail[CERTS_DETAIL_MAX])
{
	int at = shelf_place(id);

	(void)c;
	(void)detail;
	if (at < 0)
		at = (int)shelf.n++;
	snprintf(shelf.id[at], sizeof shelf.id[at], "%s", id);
	str_copy(shelf.pem[at], sizeof shelf.pem[at], pem);
	return NULL;
}

void
certs_remove(struct certs *c, const char *id)
{
	int at = shelf_place(id);

	(void)c;
	if (at >= 0) {
		shelf.n--;
		memmove(shelf.id[at], shelf.id[shelf.n], sizeof *shelf.id);
		memmove(shelf.pem[at], shelf.pem[shelf.n], sizeof *shelf.pem);
	}
}

void
certs_note(struct certs *c, const char *id, int64_t renew_at, const struct why *why, const char *detail)
{
	(void)c;
	(void)id;
	(void)renew_at;
	shelf.note_why = why;
	snprintf(shelf.note, sizeof shelf.note, "%s", detail != NULL ? detail : "");
}

const char *
certs_next(const struct certs *c, const char *prefix, size_t *at)
{
	(void)c;
	(void)prefix;
	return *at < shelf.n ? shelf.id[(*at)++] : NULL;
}

void
certs_put_challenge(struct certs *c, enum certs_challenge kind, const char *name, struct str value)
{
	(void)c;
	snprintf(shelf.challenge[shelf.nchallenges++], sizeof *shelf.challenge, "%d %s %.*s", kind, name,
	    kind == CERTS_HTTP_01 ? (int)value.len : 10, value.p);
}

void
certs_remove_challenge(struct certs *c, enum certs_challenge kind, const char *name)
{
	(void)c;
	(void)kind;
	(void)name;
	assert_true(shelf.nchallenges > 0);
	shelf.nchallenges--;
}

void
certs_forget_challenges(struct certs *c)
{
	(void)c;
}

void
certs_set_source(struct certs *c, const struct certs_source *s)
{
	(void)c;
	shelf.source = s;
}

struct issue {
	struct issue_conf conf;
	issue_ended_f	*ended;
	void		*arg;
};
static struct issue *issues[8];
static unsigned nissues;

struct issue *
issue_new(const struct issue_conf *c, issue_note_f *note, issue_ended_f *ended, void *arg)
{
	struct issue *x = must_zalloc(sizeof *x);

	(void)note;
	x->conf = *c;
	x->ended = ended;
	x->arg = arg;
	issues[nissues++] = x;
	return x;
}

void
issue_free(struct issue **xp)
{
	for (unsigned i = 0; i < nissues && *xp != NULL; i++)
		if (issues[i] == *xp) {
			issues[i] = issues[--nissues];
			break;
		}
	free(*xp);
	*xp = NULL;
}

/* ---- the test ---- */

struct site {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct toy_store *store;
	struct conf	*conf;
	struct acme	*acme;
	char		 log[2000];
};

static void
on_event(void *arg, enum log_level level, const char *event, const char *name, const struct why *why, const char *text)
{
	struct site *s = arg;
	size_t len = strlen(s->log);

	(void)level;
	(void)text;
	snprintf(s->log + len, sizeof s->log - len, "%s %s %s;", event, name, why_name(why));
}

#define CONF "listen: ':80'\nacme: { ca: [ 'https://ca1/dir', 'https://ca2/dir' ], state: /x%s }\n"

static void
acme_begin(struct site *s)
{
	s->acme = acme_new(s->loop, s->fetcher, NULL, on_event, s);
	s->store->store.changed = acme_store_changed;
	s->store->store.arg = s->acme;
	acme_reconf(s->acme, s->conf, &s->store->store);
}

static struct conf *
conf_of(const char *more)
{
	char text[1000];
	struct buf errors;
	struct conf *c;

	snprintf(text, sizeof text, CONF, more);
	buf_init(&errors, 4096);
	c = conf_parse(str_of(text), "f", &errors);
	if (c == NULL)
		fail_msg("%.*s", STR_ARG(buf_str(&errors)));
	buf_fini(&errors);
	return c;
}

static int
begin(void **state)
{
	struct site *s = must_zalloc(sizeof *s);

	memset(&shelf, 0, sizeof shelf);
	s->loop = loop_new();
	s->fetcher = fetcher_new(s->loop);
	s->store = toy_store_new(s->loop);
	s->conf = conf_of("");
	acme_begin(s);
	*state = s;
	return 0;
}

static int
end(void **state)
{
	struct site *s = *state;

	acme_free(&s->acme);
	assert_int_equal(nissues, 0);
	s->store->store.ops->free(&s->store->store);
	fetcher_free(&s->fetcher);
	conf_free(&s->conf);
	loop_free(&s->loop);
	free(s);
	return 0;
}

/* Another Mola on the same store, or the same one after a kill. */
static void
begin_again(struct site *s)
{
	acme_free(&s->acme);
	memset(&shelf, 0, sizeof shelf);
	acme_begin(s);
	toy_read(&s->store->store);
}

static void
want(struct site *s, const char *names)
{
	struct acme_want w = { names, "web", NULL };

	acme_want(s->acme, &w, names == NULL ? 0 : 1);
}

static void
pem_of(BIO *b, struct buf *out)
{
	char *p;
	long n = BIO_get_mem_data(b, &p);

	buf_add(out, p, (size_t)n);
	BIO_free(b);
}

static GENERAL_NAMES *
names_of_one(const char *name)
{
	GENERAL_NAMES *all = sk_GENERAL_NAME_new_null();
	GENERAL_NAME *one = GENERAL_NAME_new();
	ASN1_IA5STRING *text = ASN1_IA5STRING_new();

	ASN1_STRING_set(text, name, -1);
	GENERAL_NAME_set0_value(one, GEN_DNS, text);
	sk_GENERAL_NAME_push(all, one);
	return all;
}

/* A certificate for one name and its key, valid from and to that many seconds from now. */
static void
cert_make(const char *name, long from, long to, struct buf *chain, struct buf *key)
{
	EVP_PKEY *k = EVP_EC_gen("P-256");
	X509 *x = X509_new();
	BIO *b = BIO_new(BIO_s_mem()), *kb = BIO_new(BIO_s_mem());
	GENERAL_NAMES *names = names_of_one(name);

	X509_set_version(x, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(x), rand() | 1);
	X509_gmtime_adj(X509_getm_notBefore(x), from);
	X509_gmtime_adj(X509_getm_notAfter(x), to);
	X509_NAME_add_entry_by_txt(X509_get_issuer_name(x), "CN", MBSTRING_ASC, (const unsigned char *)"toy", -1, -1, 0);
	X509_set_pubkey(x, k);
	X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0);
	X509_sign(x, k, EVP_sha256());
	PEM_write_bio_X509(b, x);
	PEM_write_bio_PKCS8PrivateKey(kb, k, NULL, NULL, 0, NULL, NULL);
	buf_init(chain, 8192);
	buf_init(key, 8192);
	pem_of(b, chain);
	pem_of(kb, key);
	buf_add(chain, "", 1);
	buf_add(key, "", 1);
	GENERAL_NAMES_free(names);
	X509_free(x);
	EVP_PKEY_free(k);
}

static void
issue_ends(struct site *s, const struct issue_end *e)
{
	struct issue *x = issues[0];

	(void)s;
	assert_int_equal(nissues, 1);
	x->ended(x->arg, e);
}

static void
issue_succeeds(struct site *s, const char *name, long from, long to)
{
	struct buf chain, key;

	cert_make(name, from, to, &chain, &key);
	issue_ends(s, &(struct issue_end){ .chain = chain.p, .key = key.p, .detail = "", .retry_after = -1 });
	buf_fini(&chain);
	buf_fini(&key);
}

static void
store_has_cert(struct site *s, const char *name, unsigned generation, long from, long to)
{
	struct arena *a = arena_new();
	struct record_cert r = { .ca = "https://ca1/dir" };
	char hash[RECORD_HASH_LEN + 1], object[64];
	struct buf chain, key, data;

	record_names_make(a, &name, 1, &r.names);
	record_hash(&r.names, hash);
	cert_make(name, from, to, &chain, &key);
	r.chain = str_of(chain.p);
	r.key = str_of(key.p);
	buf_init(&data, STORE_DATA_MAX);
	record_cert_write(&r, &data);
	snprintf(object, sizeof object, "cert.%s.%u", hash, generation);
	toy_put(s->store, object, buf_str(&data));
	toy_read(&s->store->store);
	buf_fini(&data);
	buf_fini(&chain);
	buf_fini(&key);
	arena_free(&a);
}

static bool
store_has(struct site *s, const char *prefix)
{
	size_t at = 0;

	return store_next(&s->store->store, prefix, &at) != NULL;
}

/* A few turns in which nothing is to happen. */
static void
turns(struct site *s)
{
	for (int i = 0; i < 5; i++)
		loop_turn(s->loop, 0);
	acme_step(s->acme);
}

static void
a_name_gets_a_certificate_and_the_lease_is_given_back(void **state)
{
	struct site *s = *state;

	toy_read(&s->store->store);
	want(s, "example.org");
	UNTIL(s->loop, nissues == 1);
	assert_true(s->store->lease_wanted);
	assert_true(store_has(s, "account."));
	assert_int_equal(issues[0]->conf.generation, 1);
	assert_null(issues[0]->conf.replaces);
	assert_string_equal(ca_url(issues[0]->conf.ca), "https://ca1/dir");
	issue_succeeds(s, "example.org", -10, 3600);
	assert_int_equal(shelf_place("acme:example.org"), 0);		/* at once */
	UNTIL(s->loop, store_has(s, "cert.") && !s->store->lease_wanted);
	turns(s);
	assert_int_equal(nissues, 0);
	begin_again(s);
	want(s, "example.org");
	UNTIL(s->loop, shelf.n == 1);
	turns(s);
	assert_int_equal(nissues, 0);
	assert_false(s->store->lease_wanted);
}

static void
without_the_lease_nothing_is_ordered(void **state)
{
	struct site *s = *state;

	s->store->lease_taken = true;
	toy_read(&s->store->store);
	want(s, "example.org");
	UNTIL(s->loop, s->store->lease_wanted);
	turns(s);
	assert_int_equal(nissues, 0);
	assert_false(store_has(s, "account."));
}

static void
failures_are_written_down_for_everybody(void **state)
{
	struct site *s = *state;
	struct acme_cert *c;
	char key[32];

	toy_read(&s->store->store);
	want(s, "example.org");
	UNTIL(s->loop, nissues == 1);
	issue_ends(s, &(struct issue_end){ .why = WHY_ACME_INVALID, .detail = "no", .retry_after = -1, .failed = 1 });
	turns(s);
	assert_int_equal(nissues, 0);
	assert_ptr_equal(shelf.note_why, WHY_ACME_INVALID);
	assert_int_equal(s->store->lease.nlabels, 1);
	begin_again(s);
	want(s, "example.org");
	turns(s);
	turns(s);
	assert_int_equal(nissues, 0);
	c = TAILQ_FIRST(&s->acme->certs_list);
	assert_int_equal(c->failures, 1);
	assert_true(c->again > acme_now() + 50 && c->again <= acme_now() + 60);
	c->again = 0;			/* the time has come: of two CAs, it is the other's turn */
	snprintf(key, sizeof key, "fail.%s", c->hash);
	store_lease_note(&s->store->store, key, NULL);
	acme_step(s->acme);
	UNTIL(s->loop, nissues == 1);
	assert_string_equal(ca_url(issues[0]->conf.ca), "https://ca2/dir");
	assert_int_equal(issues[0]->conf.failed, 1);
	issue_ends(s, &(struct issue_end){ .why = WHY_ACME_LIMIT, .detail = "", .retry_after = 9000 });
	assert_int_equal(c->failures, 2);
	assert_true(c->again > acme_now() + 8000);
}

static void
what_expires_is_renewed(void **state)
{
	struct site *s = *state;

	store_has_cert(s, "example.org", 4, -3600, 100);
	want(s, "example.org");
	UNTIL(s->loop, nissues == 1);
	assert_int_equal(shelf.n, 1);		/* and served meanwhile */
	assert_int_equal(issues[0]->conf.generation, 5);
	issue_succeeds(s, "example.org", -10, 3600);
	UNTIL(s->loop, !s->store->lease_wanted);
	turns(s);
	assert_int_equal(nissues, 0);
}

/* Generations of a restored backup are older than what is in force; a shorter validity is no reason. */
static void
the_latest_generation_that_is_valid_is_served(void **state)
{
	struct site *s = *state;
	char before[8192];

	store_has_cert(s, "example.org", 3, -10, 3600);
	want(s, "example.org");
	UNTIL(s->loop, shelf.n == 1);
	snprintf(before, sizeof before, "%s", shelf.pem[0]);
	store_has_cert(s, "example.org", 2, -10, 7200);
	store_has_cert(s, "example.org", 4, -100, -10);
	turns(s);
	turns(s);
	assert_string_equal(shelf.pem[0], before);
	store_has_cert(s, "example.org", 5, -10, 1800);
	UNTIL(s->loop, strcmp(shelf.pem[0], before) != 0);
	assert_int_equal(nissues, 0);
}

/* A shorter profile, by hand: it is ordered once. */
static void
a_shorter_certificate_is_no_loop(void **state)
{
	struct site *s = *state;
	char detail[CERTS_DETAIL_MAX];

	store_has_cert(s, "example.org", 1, -10, 90000);
	want(s, "example.org");
	UNTIL(s->loop, shelf.n == 1);
	assert_true(shelf.source->renew(s->acme, "acme:example.org", detail));
	UNTIL(s->loop, nissues == 1);
	issue_succeeds(s, "example.org", -5, 3600);
	UNTIL(s->loop, !s->store->lease_wanted);
	turns(s);
	turns(s);
	assert_int_equal(nissues, 0);
	assert_int_equal(TAILQ_FIRST(&s->acme->certs_list)->served, 2);
}

#define TOKEN "LoqXcYV8q5ONbJQxbmR7SCTNo3tiAXDfowyjxAjEuX0"

static void
any_mola_answers_the_challenges_of_all(void **state)
{
	struct site *s = *state;
	char object[64], hash[RECORD_HASH_LEN + 1];
	struct arena *a = arena_new();
	struct record_names names;

	record_names_make(a, (const char *const[]){ "example.org" }, 1, &names);
	record_hash(&names, hash);
	snprintf(object, sizeof object, "order.%s.1.1", hash);
	toy_put(s->store, object, STR("{\"ca\":\"https://ca1/dir\",\"order\":\"https://ca1/o\",\"key\":\"k\",\"names\":[\"example.org\"],"
	    "\"answers\":[{\"kind\":\"http-01\",\"name\":\"example.org\",\"token\":\"" TOKEN "\",\"answer\":\"" TOKEN ".x\"},"
	    "{\"kind\":\"tls-alpn-01\",\"name\":\"example.org\",\"token\":\"" TOKEN "\",\"answer\":\"" TOKEN ".x\"}]}"));
	shelf.source->asked(shelf.source->arg);
	UNTIL(s->loop, shelf.nchallenges == 2);
	assert_string_equal(shelf.challenge[0], "0 " TOKEN " " TOKEN ".x");
	assert_non_null(strstr(shelf.challenge[1], "1 example.org -----BEGIN"));
	store_has_cert(s, "example.org", 1, -10, 3600);
	UNTIL(s->loop, shelf.nchallenges == 0);
	arena_free(&a);
}

static void
what_nobody_wants_stays_until_it_is_removed(void **state)
{
	struct site *s = *state;
	char detail[CERTS_DETAIL_MAX];

	store_has_cert(s, "example.org", 1, -3600, 10);
	want(s, "example.org");
	UNTIL(s->loop, shelf.n == 1);
	assert_false(shelf.source->remove(s->acme, "acme:example.org", detail));
	want(s, NULL);
	turns(s);
	assert_int_equal(shelf.n, 1);
	assert_false(shelf.source->renew(s->acme, "acme:example.org", detail));
	assert_true(shelf.source->remove(s->acme, "acme:example.org", detail));
	UNTIL(s->loop, shelf.n == 0 && s->store->n <= 1);	/* an account may be there */
}

static void
after_a_week_it_goes_by_itself(void **state)
{
	struct site *s = *state;

	store_has_cert(s, "example.org", 1, -10, 3600);
	want(s, NULL);
	UNTIL(s->loop, shelf.n == 1);
	want(s, NULL);
	turns(s);
	assert_int_equal(shelf.n, 1);
	TAILQ_FIRST(&s->acme->certs_list)->unwanted_usec -= UNWANTED_USEC + 1;
	UNTIL(s->loop, shelf.n == 0);
	assert_false(store_has(s, "cert."));
}

static void
renewal_by_hand(void **state)
{
	struct site *s = *state;
	char detail[CERTS_DETAIL_MAX];

	store_has_cert(s, "example.org", 1, -10, 3600);
	want(s, "example.org");
	UNTIL(s->loop, shelf.n == 1);
	turns(s);
	assert_int_equal(nissues, 0);
	assert_true(shelf.source->renew(s->acme, "acme:example.org", detail));
	UNTIL(s->loop, nissues == 1);
	issue_succeeds(s, "example.org", -5, 7200);
	UNTIL(s->loop, !s->store->lease_wanted);
	turns(s);
	assert_int_equal(nissues, 0);
}

static void
an_account_that_does_not_open_is_replaced(void **state)
{
	struct site *s = *state;
	char hash[RECORD_HASH_LEN + 1], name[64];

	record_url_hash("https://ca1/dir", hash);
	snprintf(name, sizeof name, "account.%s", hash);
	toy_put(s->store, name, STR("{\"key\":\"nonsense\"}"));
	toy_read(&s->store->store);
	want(s, "example.org");
	UNTIL(s->loop, nissues == 1);
	assert_non_null(strstr(s->log, "acme.account_replaced"));
}

/* An object that is none, or whose seal does not open, is in nobody's way. */
static void
damaged_objects_are_reported_and_left(void **state)
{
	struct site *s = *state;

	toy_put(s->store, "cert.0123456789abcdef.1", STR("{}"));
	toy_put(s->store, "order.0123456789abcdef.2.1", STR("x"));
	toy_put(s->store, "cert.strange", STR("x"));
	toy_read(&s->store->store);
	want(s, "example.org");
	UNTIL(s->loop, nissues == 1);
	assert_non_null(strstr(s->log, "acme.object_unusable"));
}

/* ---- which are wanted ---- */

static void
services_want_what_they_may(void **state)
{
#define ROUTE(at, under) { .host = (char *)(at), .path = (char *)(under) }
	static struct route_conf routes[] = { ROUTE("a.example.org", "/"), ROUTE("a.example.org", "/x"), ROUTE("", "/"),
	    ROUTE("b.example.net", "/"), ROUTE("localhost", "/"), ROUTE("+.example.org", "/"), ROUTE("in.wild.example.org", "/"),
	    ROUTE("c.example.org", "/"), ROUTE("d.example.org", "/") };
	struct world_service web = { .name = (char *)"web", .conf.tls = SERVICE_TLS_ACME, .route = routes, .nroutes = 9 };
	struct world_service other = { .name = (char *)"other", .route = routes, .nroutes = 9 };
	/* of connections, those whose TLS ends here */
	static struct route_conf tcp[] = { { .host = (char *)"db.example.org", .path = (char *)"/", .listener = (char *)"pg", .ends_tls = true },
	    { .host = (char *)"through.example.org", .path = (char *)"/", .listener = (char *)"pg" } };
	struct world_service db = { .name = (char *)"db", .conf = { .kind = SERVICE_TCP, .tls = SERVICE_TLS_ACME }, .route = tcp, .nroutes = 2 };
	struct world world = { .nservices = 3 };
	struct site *s = *state;
	struct arena *a = arena_new();
	const struct acme_want *w;
	unsigned n;

	conf_free(&s->conf);
	s->conf = conf_of(", most: 4, allow: '*.example.org', hook: /bin/true, names: [ '*.wild.example.org', 'x.org y.org' ]");
	acme_reconf(s->acme, s->conf, &s->store->store);
	LIST_INSERT_HEAD(&world.services, &db, link);
	LIST_INSERT_HEAD(&world.services, &web, link);
	LIST_INSERT_HEAD(&world.services, &other, link);
	w = wanted_make(a, s->conf, &world, &n);
	assert_int_equal(n, 9);
	assert_string_equal(w[8].names, "db.example.org");
	assert_string_equal(w[0].names, "*.wild.example.org");
	assert_string_equal(w[1].names, "x.org y.org");
	assert_string_equal(w[2].names, "a.example.org");
	assert_true(w[0].refused == NULL && w[1].refused == NULL && w[2].refused == NULL);
	assert_string_equal(w[3].refused, "acme.allow does not have it");
	assert_string_equal(w[4].refused, "not a name that a CA issues certificates for");
	assert_string_equal(w[5].names, "*.example.org");
	assert_null(w[5].refused);
	assert_string_equal(w[6].names, "c.example.org");
	assert_string_equal(w[6].refused, "there are more certificates than acme.most");
	toy_read(&s->store->store);
	acme_want(s->acme, &w[3], 1);
	turns(s);
	turns(s);
	assert_int_equal(nissues, 0);
	assert_ptr_equal(shelf.note_why, WHY_ACME_NOT_ALLOWED);
	arena_free(&a);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, begin, end)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		CASE(a_name_gets_a_certificate_and_the_lease_is_given_back),
		CASE(without_the_lease_nothing_is_ordered),
		CASE(failures_are_written_down_for_everybody),
		CASE(what_expires_is_renewed),
		CASE(the_latest_generation_that_is_valid_is_served),
		CASE(a_shorter_certificate_is_no_loop),
		CASE(any_mola_answers_the_challenges_of_all),
		CASE(what_nobody_wants_stays_until_it_is_removed),
		CASE(after_a_week_it_goes_by_itself),
		CASE(renewal_by_hand),
		CASE(an_account_that_does_not_open_is_replaced),
		CASE(damaged_objects_are_reported_and_left),
		CASE(services_want_what_they_may),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
