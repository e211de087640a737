/*
 * Certificates from files and from a source, in every way in which they change and go wrong: what workers are to have after
 * each step, and what people are told. Time passes by itself only where files are watched.
 */
#include "../turned_clock.h"

#include "../until.h"

#include <sys/stat.h>

#include "../net/make_cert.h"
#include "certs/certs.c"
#include "conf/conf.h"

#define DAY 86400

static struct {
	char		dir[64];
	struct loop	*loop;
	struct live	*live;
	struct certs	*certs;
	struct conf	*conf;
	unsigned	 changes;
	struct secrets	*set;		/* as last written */
	unsigned	 asked;
	char		 acted[200];
	struct made	 ca;
} s;

/* ---- making things ---- */

static const char *
path(const char *file)
{
	static char out[4][200];
	static unsigned at;
	char *p = out[at++ % 4];

	snprintf(p, sizeof out[0], "%s/%s", s.dir, file);
	return p;
}

static void
put_file(const char *file, const char *text)
{
	char next[200];
	FILE *f;

	snprintf(next, sizeof next, "%s/.next", s.dir);
	f = fopen(next, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
	assert_int_equal(rename(next, path(file)), 0);
}

/* from, to: days from now; chained and with its key */
static char *
pem_of(const char *alt_names, long from, long to, char **key_pem)
{
	struct made m = make_cert(EVP_EC_gen("P-256"), "leaf", alt_names, &s.ca, to);
	char *pem;

	X509_gmtime_adj(X509_getm_notBefore(m.x), from * DAY);
	assert_true(X509_sign(m.x, s.ca.key, EVP_sha256()) > 0);
	pem = pem_add(pem_add(NULL, m.x, NULL), s.ca.x, NULL);
	if (key_pem != NULL)
		*key_pem = pem_add(NULL, NULL, m.key);
	else
		pem = pem_add(pem, NULL, m.key);
	made_free(&m);
	return pem;
}

static char *
good_pem(const char *alt_names)
{
	return pem_of(alt_names, -2, 90, NULL);
}

static void
put_cert_file(const char *file, const char *alt_names)
{
	char *pem = good_pem(alt_names);

	put_file(file, pem);
	free(pem);
}

static void
configure(const char *yaml)
{
	struct buf errors, text;
	struct conf *old = s.conf;

	buf_init(&errors, CONF_ERRORS_MAX);
	buf_init(&text, 8192);
	for (const char *p = yaml; *p != '\0'; p++)		/* @ is the directory */
		if (*p == '@')
			buf_adds(&text, str_of(s.dir));
		else
			buf_add(&text, p, 1);
	s.conf = conf_parse(buf_str(&text), "t", &errors);
	buf_add(&errors, "", 1);
	assert_string_equal(errors.p, "");
	certs_reconf(s.certs, s.conf);
	conf_free(&old);
	buf_fini(&errors);
	buf_fini(&text);
}

static void
on_changed(void *arg)
{
	(void)arg;
	s.changes++;
}

static void
start(void)
{
	memset(&s, 0, sizeof s);
	strcpy(s.dir, "/tmp/mola-certs-XXXXXX");
	assert_non_null(mkdtemp(s.dir));
	s.ca = make_cert(EVP_EC_gen("P-256"), "Test CA", NULL, NULL, 100);
	s.loop = loop_new();
	s.live = live_init(must_zalloc(live_bytes()), 1);
	s.certs = certs_new(s.loop, s.live, on_changed, NULL);
	log_setup("test", LOG_ERROR + 1, false);
}

static void
stop(void)
{
	char command[100];

	secrets_unref(&s.set);
	certs_free(&s.certs);
	conf_free(&s.conf);
	loop_free(&s.loop);
	free(s.live);
	made_free(&s.ca);
	snprintf(command, sizeof command, "rm -rf %s", s.dir);
	assert_int_equal(system(command), 0);
}

/* ---- what workers are to have ---- */

static struct secrets *
written(struct certs *c)
{
	struct secrets_maker *m = secrets_maker_new(1);
	struct secrets *set;
	int fd;

	certs_write(c, m);
	assert_null(secrets_maker_seal(m, &fd));
	secrets_maker_free(&m);
	assert_null(secrets_open(fd, &set));
	return set;
}

/* "" when there is none of that name. */
static struct str
secret(const char *name)
{
	struct str value = STR("");

	secrets_unref(&s.set);
	s.set = written(s.certs);
	secrets_find(s.set, str_of(name), &value);
	return value;
}

/* The serial number of the certificate of a file that workers have, "" for none. */
static const char *
serial(const char *id)
{
	static char out[64];
	struct cert *c;
	char name[300];

	snprintf(name, sizeof name, "cert/%s", id);
	*out = '\0';
	if (secret(name).len == 0)
		return out;
	assert_null(cert_parse(secret(name), &c, NULL));
	snprintf(out, sizeof out, "%s", cert_serial(c));
	cert_unref(&c);
	return out;
}

static const char *
file_id(const char *file)
{
	static char out[300];

	snprintf(out, sizeof out, "file:%s/%s", s.dir, file);
	return out;
}

/* A member of what people see of a certificate. */
static const char *
seen(const char *id, const char *key)
{
	static char out[300];
	json_t *view = certs_view(s.certs), *c;
	size_t i;

	strcpy(out, "no such certificate");
	json_array_foreach(json_object_get(view, "certificates"), i, c)
		if (strcmp(json_string_value(json_object_get(c, "id")), id) == 0)
			snprintf(out, sizeof out, "%s", json_is_string(json_object_get(c, key)) ?
			    json_string_value(json_object_get(c, key)) : "");
	json_decref(view);
	return out;
}

static void
assert_default(const char *file)
{
	struct str value = secret("default");

	if (file == NULL)
		assert_int_equal(value.len, 0);
	else
		assert_true(str_eq(value, str_of(file_id(file))));
}

/* ---- files ---- */

static void
test_a_set_has_what_files_have(void **state)
{
	char *key, *pem;

	(void)state;
	start();
	put_cert_file("a.pem", "DNS:a.org, DNS:*.a.org");
	pem = pem_of("DNS:b.org", -1, 90, &key);
	put_file("b.pem", pem);
	put_file("b.key", key);
	configure("listen: [ { address: ':443', tls: true, client_ca: @/ca.pem, name: web } ]\n"
	    "tls: { certificates: [ @/a.pem, { cert: @/b.pem, key: @/b.key } ] }\n");
	assert_string_not_equal(serial(file_id("a.pem")), "");
	assert_string_not_equal(serial(file_id("b.pem")), "");
	assert_default("a.pem");
	assert_int_equal(secret("ticket/0").len, CERTS_TICKET_BYTES);
	assert_int_equal(secret("client-ca/web").len, 0);	/* the file is not there yet */
	loop_turn(s.loop, 0);
	assert_int_equal(s.changes, 0);			/* it is written already */
	assert_string_equal(seen(file_id("b.pem"), "state"), "good");
	free(pem);
	pem = pem_add(NULL, s.ca.x, NULL);
	put_file("ca.pem", pem);
	UNTIL(s.loop, secret("client-ca/web").len > 0);
	assert_true(str_eq(secret("client-ca/web"), str_of(pem)));
	put_cert_file("a.pem", "DNS:a.org");
	put_file("b.key", "");
	put_cert_file("b.pem", "DNS:b.org");
	s.changes = 0;
	configure("listen: ':443'\ntls: { certificates: [ @/b.pem, @/a.pem ] }\n");
	UNTIL(s.loop, s.changes > 0);
	for (int i = 0; i < 3; i++)
		loop_turn(s.loop, 0);
	assert_int_equal(s.changes, 1);			/* all of it at once */
	free(pem);
	free(key);
	stop();
}

/* A change is in force soon, and one that is broken takes nothing away. */
static void
test_the_last_good_one_stays(void **state)
{
	char before[64], *other;

	(void)state;
	start();
	put_cert_file("a.pem", "DNS:a.org");
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: @/a.pem }\n");
	snprintf(before, sizeof before, "%s", serial(file_id("a.pem")));
	put_cert_file("a.pem", "DNS:a.org");
	UNTIL(s.loop, strcmp(serial(file_id("a.pem")), before) != 0);
	snprintf(before, sizeof before, "%s", serial(file_id("a.pem")));

	put_file("a.pem", "no certificate at all");
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "state"), "kept") == 0);
	assert_string_equal(seen(file_id("a.pem"), "why"), "cert_missing");
	assert_string_equal(serial(file_id("a.pem")), before);
	assert_int_equal(unlink(path("a.pem")), 0);
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "why"), "cert_file") == 0);
	assert_string_equal(serial(file_id("a.pem")), before);
	assert_default("a.pem");

	other = pem_of("DNS:a.org", -30, -1, NULL);		/* somebody restored an old backup */
	put_file("a.pem", other);
	free(other);
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "why"), "cert_expired") == 0);
	assert_string_equal(serial(file_id("a.pem")), before);
	other = pem_of("DNS:a.org", 1, 90, NULL);
	put_file("a.pem", other);
	free(other);
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "why"), "cert_not_yet_valid") == 0);
	assert_string_equal(serial(file_id("a.pem")), before);

	put_cert_file("a.pem", "DNS:a.org");
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "state"), "good") == 0);
	assert_string_not_equal(serial(file_id("a.pem")), before);
	stop();
}

/* A key of another certificate is not the end of the one in force; nor is the moment in which only
 * one of the two files is new a failure. */
static void
test_a_pair_changes_in_two_steps(void **state)
{
	char *key[2], *pem[2], before[64];

	(void)state;
	start();
	for (int i = 0; i < 2; i++)
		pem[i] = pem_of("DNS:a.org", -1, 90, &key[i]);
	put_file("a.pem", pem[0]);
	put_file("a.key", key[0]);
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: { cert: @/a.pem, key: @/a.key } }\n");
	snprintf(before, sizeof before, "%s", serial(file_id("a.pem")));
	put_file("a.pem", pem[1]);
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "why"), "cert_key_wrong") == 0);
	assert_string_equal(serial(file_id("a.pem")), before);
	assert_int_equal(TAILQ_FIRST(&s.certs->items)->failures, 0);
	put_file("a.key", key[1]);
	UNTIL(s.loop, strcmp(serial(file_id("a.pem")), before) != 0);
	assert_string_equal(seen(file_id("a.pem"), "state"), "good");
	assert_int_equal(TAILQ_FIRST(&s.certs->items)->failures, 0);
	put_file("a.key", key[0]);
	UNTIL(s.loop, strcmp(seen(file_id("a.pem"), "why"), "cert_key_wrong") == 0);
	assert_non_null(strstr(seen(file_id("a.pem"), "detail"), "a.key"));
	UNTIL(s.loop, TAILQ_FIRST(&s.certs->items)->failures == 1);	/* once it has lasted */
	for (int i = 0; i < 2; i++) {
		free(pem[i]);
		free(key[i]);
	}
	stop();
}

/* Kubernetes and certbot put new links in the place of old ones; the file itself never changes. */
static void
test_links_are_followed(void **state)
{
	char before[64], *pem;

	(void)state;
	start();
	assert_int_equal(mkdir(path("v1"), 0700) | mkdir(path("v2"), 0700), 0);
	put_cert_file("v1/a.pem", "DNS:a.org");
	put_cert_file("v2/a.pem", "DNS:a.org");
	assert_int_equal(symlink("v1", path("now")), 0);
	assert_int_equal(symlink("now/a.pem", path("a.pem")), 0);
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/a.pem, @/now/a.pem ] }\n");
	snprintf(before, sizeof before, "%s", serial(file_id("a.pem")));
	assert_string_not_equal(before, "");
	assert_string_equal(serial(file_id("now/a.pem")), before);
	assert_int_equal(symlink("v2", path("next")), 0);
	assert_int_equal(rename(path("next"), path("now")), 0);
	UNTIL(s.loop, strcmp(serial(file_id("a.pem")), before) != 0);
	UNTIL(s.loop, strcmp(serial(file_id("now/a.pem")), before) != 0);
	snprintf(before, sizeof before, "%s", serial(file_id("a.pem")));
	pem = good_pem("DNS:a.org");			/* where the link leads now is watched, too */
	put_file("v2/a.pem", pem);
	free(pem);
	UNTIL(s.loop, strcmp(serial(file_id("a.pem")), before) != 0);
	stop();
}

static void
test_the_configuration_decides_what_is_there(void **state)
{
	(void)state;
	start();
	put_cert_file("a.pem", "DNS:a.org");
	put_cert_file("b.pem", "DNS:b.org");
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/a.pem, @/b.pem ], default: @/b.pem }\n");
	assert_default("b.pem");
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/b.pem, @/a.pem ] }\n");
	assert_default("b.pem");
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/b.pem, @/a.pem ], default: none }\n");
	assert_default(NULL);
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/none.pem, @/a.pem ] }\n");
	assert_default("a.pem");			/* the first that can be used */
	assert_string_equal(serial(file_id("b.pem")), "");
	assert_string_equal(seen(file_id("b.pem"), "state"), "no such certificate");
	assert_string_equal(seen(file_id("none.pem"), "state"), "missing");
	configure("listen: ':80'\n");
	assert_default(NULL);
	assert_string_equal(serial(file_id("a.pem")), "");
	stop();
}

static void
test_files_that_are_none(void **state)
{
	char *key, *pem;

	(void)state;
	start();
	pem = pem_of("DNS:a.org", -1, 90, &key);
	put_file("nokey.pem", pem);
	put_file("key", key);
	assert_int_equal(mkfifo(path("pipe"), 0600), 0);
	configure("listen: { address: ':443', tls: true }\n"
	    "tls: { certificates: [ @, @/pipe, @/nokey.pem, @/key, { cert: @/nokey.pem/x, key: @/key } ] }\n");
	assert_non_null(strstr(seen(file_id("pipe"), "detail"), "not a regular file"));
	assert_string_equal(seen(file_id("nokey.pem"), "why"), "cert_no_key");
	assert_string_equal(seen(file_id("key"), "why"), "cert_missing");
	assert_default(NULL);
	free(pem);
	free(key);
	stop();
}

/* ---- the next brain ---- */

static void
test_the_next_brain_goes_on_with_it(void **state)
{
	unsigned char ticket[CERTS_TICKET_BYTES];
	char before[64], *pem;

	(void)state;
	start();
	put_cert_file("a.pem", "DNS:a.org");
	put_cert_file("b.pem", "DNS:b.org");
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/a.pem, @/b.pem ] }\n");
	pem = good_pem("DNS:c.org");
	assert_null(certs_put(s.certs, "acme:c.org", str_of(pem), NULL));
	certs_put_challenge(s.certs, CERTS_HTTP_01, "token", STR("token.thumb"));
	snprintf(before, sizeof before, "%s", serial(file_id("a.pem")));
	memcpy(ticket, secret("ticket/0").p, sizeof ticket);
	put_file("a.pem", "broken");

	secrets_unref(&s.set);
	s.set = written(s.certs);
	certs_free(&s.certs);
	s.certs = certs_new(s.loop, s.live, on_changed, NULL);
	certs_inherit(s.certs, s.set);
	certs_reconf(s.certs, s.conf);
	assert_string_equal(serial(file_id("a.pem")), before);
	assert_string_equal(seen(file_id("a.pem"), "state"), "kept");
	assert_string_not_equal(serial("acme:c.org"), "");
	assert_memory_equal(secret("ticket/0").p, ticket, sizeof ticket);
	assert_int_equal(secret("ticket/1").len, 0);
	assert_true(str_eq(secret("challenge/http-01/token"), STR("token.thumb")));
	certs_forget_challenges(s.certs);
	assert_int_equal(secret("challenge/http-01/token").len, 0);
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: [ @/b.pem ] }\n");
	assert_string_equal(serial(file_id("a.pem")), "");
	free(pem);
	stop();
}

/* ---- sources ---- */

static bool
on_renew(void *arg, const char *id, char detail[CERTS_DETAIL_MAX])
{
	(void)arg;
	snprintf(s.acted, sizeof s.acted, "renew %s", id);
	if (strcmp(id, "acme:b.org") == 0)
		snprintf(detail, CERTS_DETAIL_MAX, "not now");
	return strcmp(id, "acme:b.org") != 0;
}

static void
on_asked_for(void *arg)
{
	(void)arg;
	s.asked++;
}

static const struct certs_source source = { .name = "acme", .renew = on_renew, .asked = on_asked_for };

static void
test_a_source_puts_its_own(void **state)
{
	char *a, *old, detail[CERTS_DETAIL_MAX], before[64];
	size_t at = 0;

	(void)state;
	start();
	a = good_pem("DNS:a.org, DNS:www.a.org");
	old = pem_of("DNS:a.org", -40, -3, NULL);
	configure("listen: ':80'\n");
	certs_note(s.certs, "acme:a.org", 0, NULL, NULL);
	assert_string_equal(seen("acme:a.org", "state"), "waiting");
	certs_note(s.certs, "acme:a.org", 0, WHY_SYSTEM, "the CA is away");
	assert_string_equal(seen("acme:a.org", "state"), "missing");
	assert_null(certs_put(s.certs, "acme:a.org", str_of(a), detail));
	certs_note(s.certs, "acme:a.org", 4000000000, NULL, NULL);
	assert_string_equal(seen("acme:a.org", "state"), "good");
	assert_string_equal(seen("acme:a.org", "source"), "acme");
	assert_string_equal(seen("acme:a.org", "renew"), "2096-10-02T07:06:40Z");
	assert_true(str_eq(certs_pem(s.certs, "acme:a.org"), str_of(a)));
	snprintf(before, sizeof before, "%s", serial("acme:a.org"));
	assert_default(NULL);

	assert_ptr_equal(certs_put(s.certs, "acme:a.org", str_of(old), detail), WHY_CERT_EXPIRED);
	assert_ptr_equal(certs_put(s.certs, "acme:a.org", STR("x"), detail), WHY_CERT_MISSING);
	assert_string_equal(serial("acme:a.org"), before);
	assert_string_equal(certs_next(s.certs, "acme:", &at), "acme:a.org");
	assert_null(certs_next(s.certs, "acme:", &at));
	certs_remove(s.certs, "acme:a.org");
	certs_remove(s.certs, "acme:a.org");
	assert_string_equal(serial("acme:a.org"), "");
	free(a);
	free(old);
	stop();
}

static void
test_people_ask_a_source(void **state)
{
	char *a, *b, detail[CERTS_DETAIL_MAX] = "";

	(void)state;
	start();
	a = good_pem("DNS:a.org, DNS:www.a.org");
	b = good_pem("DNS:b.org, DNS:www.a.org");
	put_cert_file("f.pem", "DNS:f.org");
	configure("listen: { address: ':443', tls: true }\ntls: { certificates: @/f.pem }\n");
	assert_null(certs_put(s.certs, "acme:a.org", str_of(a), NULL));
	assert_null(certs_put(s.certs, "acme:b.org", str_of(b), NULL));
	assert_int_equal(certs_renew(s.certs, "acme:a.org", detail), 409);	/* no source is there */
	certs_set_source(s.certs, &source);
	assert_int_equal(certs_renew(s.certs, "acme:a.org", detail), 0);
	assert_string_equal(s.acted, "renew acme:a.org");
	assert_int_equal(certs_renew(s.certs, "a.org", detail), 0);
	assert_int_equal(certs_renew(s.certs, "www.a.org", detail), 409);
	assert_string_equal(detail, "2 certificates have this name; expected an id, as `mola certs` shows it");
	assert_int_equal(certs_renew(s.certs, "b.org", detail), 409);
	assert_string_equal(detail, "not now");
	assert_int_equal(certs_renew(s.certs, "x.org", detail), 404);
	assert_int_equal(certs_renew(s.certs, "f.org", detail), 409);
	assert_non_null(strstr(detail, "it is a file"));
	assert_int_equal(certs_act_remove(s.certs, "a.org", detail), 409);	/* this one cannot */
	free(a);
	free(b);
	stop();
}

static void
test_a_worker_asks_for_a_challenge(void **state)
{
	(void)state;
	start();
	configure("listen: ':80'\n");
	live_ask_challenges(s.live);		/* before there is anybody to ask */
	certs_set_source(s.certs, &source);
	live_ask_challenges(s.live);
	live_ask_challenges(s.live);
	UNTIL(s.loop, s.asked == 1);
	live_ask_challenges(s.live);
	UNTIL(s.loop, s.asked == 2);
	s.changes = 0;
	certs_put_challenge(s.certs, CERTS_TLS_ALPN_01, "a.org", STR("pem"));
	UNTIL(s.loop, s.changes == 1);
	assert_true(str_eq(secret("challenge/tls-alpn-01/a.org"), STR("pem")));
	s.changes = 0;
	certs_put_challenge(s.certs, CERTS_TLS_ALPN_01, "a.org", STR("pem"));
	loop_turn(s.loop, 0);
	assert_int_equal(s.changes, 0);
	certs_remove_challenge(s.certs, CERTS_TLS_ALPN_01, "a.org");
	UNTIL(s.loop, s.changes == 1);
	assert_int_equal(secret("challenge/tls-alpn-01/a.org").len, 0);
	stop();
}

/* ---- time, with a clock that is given ---- */

static enum cert_state
state_at(const char *alt_names, long from, long to, int64_t now)
{
	struct item i = { .name = (char[]){ "cert/x:y" }, .kind = ITEM_CERT };
	char *pem = pem_of(alt_names, from, to, NULL), detail[CERTS_DETAIL_MAX];
	enum cert_state state;

	assert_null(content_parse(str_of(pem), ITEM_CERT, &i.now, detail));
	state = state_of(&i, now);
	content_free(&i.now);
	free(pem);
	return state;
}

static void
test_states_follow_the_clock(void **state)
{
	int64_t now = clock_wall_usec() / USEC_PER_SEC;

	(void)state;
	start();
	assert_int_equal(state_at("DNS:a", -80, 10, now), STATE_GOOD);
	assert_int_equal(state_at("DNS:a", -82, 8, now), STATE_EXPIRING);		/* of 90 days, 9 are soon */
	assert_int_equal(state_at("DNS:a", -350, 15, now), STATE_GOOD);
	assert_int_equal(state_at("DNS:a", -350, 13, now), STATE_EXPIRING);		/* of a year, 14 */
	assert_int_equal(state_at("DNS:a", -5, 1, now), STATE_GOOD);			/* of 6 days, 14 hours */
	assert_int_equal(state_at("DNS:a", -90, -1, now), STATE_EXPIRED);
	assert_int_equal(state_at("DNS:a", 1, 90, now), STATE_NOT_YET_VALID);
	assert_int_equal(state_at("DNS:a", 1, 90, 0), STATE_GOOD);			/* the clock says 1970 */
	assert_int_equal(state_at("email:a@b", -1, 90, now), STATE_WARNING);
	stop();
}

static void
test_tickets_rotate_and_are_shared(void **state)
{
	unsigned char shared[2][CERTS_TICKET_BYTES] = { { 1 }, { 2 } };
	struct tickets t = { .nown = 0 }, next = { .nown = 0 };
	int64_t now = 5000 * TICKETS_EVERY_USEC;
	unsigned char first[CERTS_TICKET_BYTES];
	struct secrets_maker *m;
	struct secrets *set;
	struct str value;
	int fd;

	(void)state;
	assert_true(tickets_turn(&t, now));
	memcpy(first, t.own[0], sizeof first);
	assert_false(tickets_turn(&t, now + TICKETS_EVERY_USEC - 1));
	assert_false(tickets_turn(&t, now - USEC_PER_SEC));		/* the clock was set back a little */
	assert_true(tickets_turn(&t, now + TICKETS_EVERY_USEC));
	assert_memory_equal(t.own[1], first, sizeof first);
	assert_memory_not_equal(t.own[0], first, sizeof first);
	for (int i = 2; i < 5; i++)
		assert_true(tickets_turn(&t, now + i * TICKETS_EVERY_USEC));
	assert_int_equal(t.nown, TICKETS_OWN);

	assert_true(tickets_share(&t, shared, 2));
	assert_false(tickets_share(&t, shared, 2));
	m = secrets_maker_new(1);
	tickets_write(&t, m);
	assert_null(secrets_maker_seal(m, &fd));
	secrets_maker_free(&m);
	assert_null(secrets_open(fd, &set));
	assert_true(secrets_find(set, STR("ticket/0"), &value) && value.p[0] == 1);
	assert_true(secrets_find(set, STR("ticket/4"), &value));
	assert_memory_equal(value.p, t.own[2], CERTS_TICKET_BYTES);
	assert_false(secrets_find(set, STR("ticket/5"), &value));
	tickets_inherit(&next, set);
	assert_int_equal(next.made_usec, t.made_usec);
	assert_memory_equal(next.own[0], shared[0], CERTS_TICKET_BYTES);
	secrets_unref(&set);
	tickets_wipe(&t);
	assert_int_equal(t.nown, 0);
}

/* ---- mola check ---- */

static void
test_check_names_what_is_wrong(void **state)
{
	char *old, *lone;
	struct made m;
	struct buf out;
	json_t *view;

	(void)state;
	start();
	old = pem_of("DNS:a.org", -30, -1, NULL);
	put_file("old.pem", old);
	m = make_cert(EVP_EC_gen("P-256"), "leaf", "DNS:b.org", &s.ca, 60);
	lone = pem_add(pem_add(NULL, m.x, NULL), NULL, m.key);
	put_file("lone.pem", lone);
	put_cert_file("good.pem", "DNS:c.org");
	configure("listen:\n- { address: ':443', tls: true, client_ca: @/good.pem }\ntls:\n  certificates:\n  - @/old.pem\n"
	    "  - @/lone.pem\n  - @/good.pem\n  - @/none.pem\n");
	buf_init(&out, 8192);
	assert_int_equal(certs_check(s.conf, NULL, &out), 3);
	buf_add(&out, "", 1);
	assert_non_null(strstr(out.p, "t:5: tls.certificates: '"));
	assert_non_null(strstr(out.p, "old.pem' has expired\n"));
	assert_non_null(strstr(out.p, "lone.pem': the certificate of its issuer does not follow it"));
	assert_null(strstr(out.p, "t:5: warning: "));
	assert_null(strstr(out.p, "t:7:"));
	assert_non_null(strstr(out.p, "none.pem' cannot be used: a file of a certificate cannot be read: "));
	assert_non_null(strstr(out.p, "t:2: listen.client_ca: '"));
	assert_non_null(strstr(out.p, "there is a private key in it"));
	buf_fini(&out);

	/* for a reload: none.pem is in force, as wrong as here; good.pem as a CA is new */
	view = json_pack("{s:[{s:s+, s:n}], s:[]}", "certificates", "file", s.dir, "/none.pem", "key_file", "authorities");
	buf_init(&out, 8192);
	assert_int_equal(certs_check(s.conf, view, &out), 1);
	buf_add(&out, "", 1);
	assert_non_null(strstr(out.p, "t:5: warning: tls.certificates: '"));
	assert_non_null(strstr(out.p, "t:8: warning: tls.certificates: '"));
	assert_non_null(strstr(out.p, "t:2: listen.client_ca: '"));
	json_decref(view);
	buf_fini(&out);
	free(old);
	free(lone);
	made_free(&m);
	stop();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_set_has_what_files_have),
		cmocka_unit_test(test_the_last_good_one_stays),
		cmocka_unit_test(test_a_pair_changes_in_two_steps),
		cmocka_unit_test(test_links_are_followed),
		cmocka_unit_test(test_the_configuration_decides_what_is_there),
		cmocka_unit_test(test_files_that_are_none),
		cmocka_unit_test(test_the_next_brain_goes_on_with_it),
		cmocka_unit_test(test_a_source_puts_its_own),
		cmocka_unit_test(test_people_ask_a_source),
		cmocka_unit_test(test_a_worker_asks_for_a_challenge),
		cmocka_unit_test(test_states_follow_the_clock),
		cmocka_unit_test(test_tickets_rotate_and_are_shared),
		cmocka_unit_test(test_check_names_what_is_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
