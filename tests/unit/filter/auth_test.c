/*
 * basicAuth and digestAuth: who passes, what the task is told, and what a password costs. Comparison with Traefik is in
 * tests/drive/filters.py.
 */
#include <openssl/evp.h>

#include "stage.h"

#define APR	"one:$apr1$abcdefgh$GgK5XIheOSYaHBKFFAiw4/"
#define BCRYPT	"two:$2y$04$rs618Eu.r60VgGwr1h08QOvMcFNZRrByrAmcD3KnVpYbA2LkISFyW"
#define SHA	"three:{SHA}ZR1omcnrnU3dIKHozZai4/9bIzw="
#define ONE	"GET /\nAuthorization: Basic b25lOm9uZQ=="
#define TWO	"GET /\nAuthorization: Basic dHdvOnR3bw=="
#define THREE	"GET /\nAuthorization: Basic dGhyZWU6dGg6cmVl"
#define NOBODY	"GET /\nAuthorization: Basic bm9ib2R5Om9uZQ=="
#define WRONG	"GET /\nAuthorization: Basic b25lOnR3bw=="

static void
those_with_a_password_pass(void **state)
{
	(void)state;
	assert_null(request("basicauth users=" APR "," BCRYPT "," SHA, ONE));
	has("\r\nAuthorization: Basic b25lOm9uZQ==\r\n");
	assert_null(request("basicauth users=" APR "," BCRYPT "," SHA, TWO));
	assert_null(request("basicauth users=" APR "," BCRYPT "," SHA, THREE));
	assert_ptr_equal(request("basicauth users=" APR "," BCRYPT, THREE), WHY_AUTH_REQUIRED);
	assert_ptr_equal(request("basicauth users=" APR "," BCRYPT, NOBODY), WHY_AUTH_REQUIRED);
	assert_ptr_equal(request("basicauth users=" APR "," BCRYPT, WRONG), WHY_AUTH_REQUIRED);
	assert_ptr_equal(request("basicauth realm=a_b users=" APR "," BCRYPT, "GET /"), WHY_AUTH_REQUIRED);
	response("");
	has("HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nWWW-Authenticate: Basic realm=\"a b\"\r\n");
	has("\r\n\r\n401 Unauthorized\n");
}

static void
the_task_is_told_who_it_is(void **state)
{
	(void)state;
	assert_null(request("basicauth headerfield=X-User removeheader=true users=" SHA, THREE "\nX-User: root\nx-user: admin\nX_User: root"));
	has_not("root");
	has("\r\nX-User: three\r\n");
	has_not("root");
	has_not("admin");
	has_not("Authorization");
}

/* What is cheap, or known, does not wait; what is known is so for some minutes, and for that hash alone. */
static void
a_hash_is_computed_once(void **state)
{
	(void)state;
	assert_null(request("basicauth users=" SHA, THREE));
	assert_int_equal(waits, 0);
	assert_null(request("basicauth users=" BCRYPT, TWO));
	assert_int_equal(waits, 1);
	assert_null(request("basicauth users=" BCRYPT, TWO));
	assert_int_equal(waits, 0);
	assert_null(request("basicauth realm=x users=" BCRYPT "," APR, TWO));
	assert_int_equal(waits, 0);
	assert_ptr_equal(request("basicauth users=two:$2y$04$rs618Eu.r60VgGwr1h08QOvMcFNZRrByrAmcD3KnVpYbA2LkISFyX", TWO), WHY_AUTH_REQUIRED);
	assert_int_equal(waits, 1);
	now_usec += 6 * 60 * INT64_C(1000000);
	assert_null(request("basicauth users=" BCRYPT, TWO));
	assert_int_equal(waits, 1);
}

/* Nobody learns from the time that it takes whether there is such a user, nor whose hash is quick. */
static void
what_does_not_pass_always_waits(void **state)
{
	static const char *const wrong[] = { NOBODY, WRONG, "GET /\nAuthorization: Basic dGhyZWU6", "GET /\nAuthorization: Basic Og==" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		for (int again = 0; again < 2; again++) {
			assert_ptr_equal(request("basicauth users=" APR "," BCRYPT "," SHA, wrong[i]), WHY_AUTH_REQUIRED);
			assert_int_equal(waits, 1);
		}
}

/* A queue that is full lets nobody in, and one address cannot fill it. */
static void
a_full_queue_is_closed(void **state)
{
	static char hash[] = "basicauth users=two:$2y$12$rs618Eu.r60VgGwr1h08QOvMcFNZRrByrAmcD3KnVpYbA2LkISFyW";
	static struct field field[100];
	struct message m = { .limits = { 32768, 100 }, .field = field };
	static const char head[] = "GET / HTTP/1.1\r\nHost: a.org\r\nAuthorization: Basic dHdvOnR3bw==\r\n\r\n";
	struct filter_run *many[64];
	const struct why *why;
	size_t scanned = 0, used;
	int n = 0;

	(void)state;
	assert_int_equal(h1_read_request(&m, STR(head), &scanned, &used, &why), PARSE_DONE);
	for (;; n++) {
		assert_true(n < 64);
		many[n] = filter_run_new(chain_of(hash), &facts, &m, &edits_none);
		if (filter_run_request(many[n], now_usec, &why) != FILTER_WAIT)
			break;
	}
	assert_int_equal(n, 16);
	assert_ptr_equal(why, WHY_AUTH_BUSY);
	for (; n >= 0; n--)
		filter_run_free(&many[n]);
}

/* ---- digestAuth ---- */

static const char *
md5(const char *text)
{
	static char hex[4][33];
	static int at;
	unsigned char d[EVP_MAX_MD_SIZE];
	unsigned len;

	at = (at + 1) % 4;
	assert_int_equal(EVP_Digest(text, strlen(text), d, &len, EVP_md5(), NULL), 1);
	for (unsigned i = 0; i < 16; i++)
		snprintf(hex[at] + 2 * i, 3, "%02x", d[i]);
	return hex[at];
}

static void
param(const char *name, char value[128])
{
	const char *p = strstr(out, name), *end;

	assert_non_null(p);
	p += strlen(name) + 2;
	end = strchr(p, '"');
	snprintf(value, 128, "%.*s", (int)(end - p), p);
}

/* A request to `target` that is signed for `uri` with what the last response has asked for. */
static const struct why *
signed_request(const char *filters, const char *target, const char *uri, const char *password, const char *nonce, const char *nc)
{
	char text[1024], a1[128], a2[600], all[600], opaque[128];

	param("opaque", opaque);
	snprintf(a1, sizeof a1, "one:traefik:%s", password);
	snprintf(a2, sizeof a2, "GET:%s", uri);
	snprintf(all, sizeof all, "%s:%s:%s:c:auth:%s", md5(a1), nonce, nc, md5(a2));
	snprintf(text, sizeof text, "GET %s\nAuthorization: Digest username=\"one\", realm=\"traefik\",nonce=\"%s\", uri=\"%s\", qop=auth, nc=%s, "
	    "cnonce=\"c\", response=\"%s\", opaque=\"%s\"", target, nonce, uri, nc, md5(all), opaque);
	return request(filters, text);
}

static char digest_filters[128], head[sizeof out];

static void
ask_for_nonce(char nonce[128])
{
	snprintf(digest_filters, sizeof digest_filters, "digestauth headerfield=X-User users=one:traefik:%s", md5("one:traefik:one"));
	assert_ptr_equal(request(digest_filters, "GET /"), WHY_AUTH_REQUIRED);
	response("");
	has("HTTP/1.1 401 Unauthorized\r\nContent-Type: text/plain\r\nWWW-Authenticate: Digest realm=\"traefik\", nonce=\"");
	has("\", algorithm=\"MD5\", qop=\"auth\"\r\n");
	has_not("stale");
	param("nonce", nonce);
}

static void
those_who_can_sign_pass_once(void **state)
{
	char nonce[128];

	(void)state;
	ask_for_nonce(nonce);
	memcpy(head, out, sizeof head);
#define TRY(...) (memcpy(out, head, sizeof out), signed_request(digest_filters, __VA_ARGS__))
	assert_ptr_equal(TRY("/a?b", "/a?b", "two", nonce, "00000001"), WHY_AUTH_REQUIRED);
	assert_ptr_equal(TRY("/a?b", "/other", "one", nonce, "00000001"), WHY_AUTH_REQUIRED);
	assert_null(TRY("/a?b", "/a?b", "one", nonce, "00000001"));
	has("\r\nX-User: one\r\n");
	assert_ptr_equal(TRY("/a?b", "/a?b", "one", nonce, "00000001"), WHY_AUTH_REQUIRED);
	response("");
	has_not("stale");
	assert_null(TRY("/a?b", "/a", "one", nonce, "0000000a"));
	assert_ptr_equal(TRY("/a", "/a", "one", nonce, "00000009"), WHY_AUTH_REQUIRED);
	response("");
	has("stale=\"true\"");
	assert_ptr_equal(TRY("/a", "/a", "one", nonce, "0"), WHY_AUTH_REQUIRED);
	assert_ptr_equal(TRY("/a", "/a", "one", nonce, "-1"), WHY_AUTH_REQUIRED);
	assert_ptr_equal(TRY("/a", "/a", "one", nonce, "x"), WHY_AUTH_REQUIRED);
}

/* One that is too old, or another Mola's: whoever can sign is not asked for a password. */
static void
another_nonce_will_do(void **state)
{
	char nonce[128];

	(void)state;
	ask_for_nonce(nonce);
	memcpy(head, out, sizeof head);
	now_usec += 6 * 60 * INT64_C(1000000);
	assert_ptr_equal(TRY("/", "/", "one", nonce, "00000001"), WHY_AUTH_REQUIRED);
	response("");
	has("stale=\"true\"");
	assert_ptr_equal(TRY("/", "/", "one", "0123456789", "00000001"), WHY_AUTH_REQUIRED);
	response("");
	has("stale=\"true\"");
	assert_ptr_equal(TRY("/", "/", "two", "0123456789", "00000001"), WHY_AUTH_REQUIRED);
	response("");
	has_not("stale");
}

/* Nor is one who is not there, whatever it signs with. */
static void
nobody_is_nobody(void **state)
{
	char nonce[128], opaque[128], text[1024], a1[40], all[600];

	(void)state;
	ask_for_nonce(nonce);
	param("opaque", opaque);
	snprintf(a1, sizeof a1, "%s", md5("root:traefik:one"));
	snprintf(all, sizeof all, "%s:%s:00000001:c:auth:%s", a1, nonce, md5("GET:/"));
	snprintf(text, sizeof text, "GET /\nAuthorization: Digest username=\"root\", realm=\"traefik\", nonce=\"%s\", uri=\"/\", qop=auth, "
	    "nc=00000001, cnonce=\"c\", response=\"%s\", opaque=\"%s\"", nonce, md5(all), opaque);
	assert_ptr_equal(request(digest_filters, text), WHY_AUTH_REQUIRED);
}

/* ---- options ---- */

static void
refused(enum filter_kind kind, const char *path, const char *value, const char *words)
{
	struct filter_setting s = { str_of(path), str_of(value) };
	char problem[FILTER_PROBLEM];
	struct filter f;

	if (filter_read(arena, kind, &s, 1, &f, problem))
		fail_msg("%s=%s is accepted", path, value);
	if (strstr(problem, words) == NULL)
		fail_msg("%s=%s: %s", path, value, problem);
	if (strlen(value) > 4 && strstr(problem, value) != NULL)
		fail_msg("it shows what it should not: %s", problem);
}

static void
users_that_are_none_are_refused(void **state)
{
	(void)state;
	refused(FILTER_BASIC_AUTH, "users", "secret", "expected NAME:HASH for user 1");
	refused(FILTER_BASIC_AUTH, "users", ":secret", "expected NAME:HASH for user 1");
	refused(FILTER_BASIC_AUTH, "users", SHA ",one:secret", "the hash of user 2 is not one of");
	refused(FILTER_BASIC_AUTH, "users", "one:$$apr1$$abcdefgh$$GgK5XIheOSYaHBKFFAiw4/", "begins with $$");
	refused(FILTER_BASIC_AUTH, "users", "two:$2y$20$rs618Eu.r60VgGwr1h08QOvMcFNZRrByrAmcD3KnVpYbA2LkISFyW", "up to cost 15");
	refused(FILTER_BASIC_AUTH, "realm", "x", "it has no users");
	refused(FILTER_BASIC_AUTH, "usersfile", "/run/secrets/users", "usersFile");
	refused(FILTER_DIGEST_AUTH, "users", "one:traefik", "expected NAME:REALM:DIGEST");
	refused(FILTER_DIGEST_AUTH, "users", "one:traefik:secretsecretsecretsecretsecretse", "for user 1");
	refused(FILTER_DIGEST_AUTH, "usersfile", "/x", "usersFile");
}

int
main(void)
{
	const struct CMUnitTest tests[] = { T(those_with_a_password_pass), T(the_task_is_told_who_it_is), T(a_hash_is_computed_once),
		T(what_does_not_pass_always_waits), T(a_full_queue_is_closed), T(those_who_can_sign_pass_once), T(another_nonce_will_do),
		T(nobody_is_nobody), T(users_that_are_none_are_refused) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
