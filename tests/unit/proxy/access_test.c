/* How lines of the access log look, and which are written. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "net/tls.h"
#include "proxy/access.c"

static struct buf out;
static struct access texts;

static void
line_is_kept(struct access_request *r, const char *method, const char *host, const char *target,
    const char *referer, const char *agent)
{
	const char *text[ACCESS_TEXTS] = { method, host, target, referer, agent, host, "", "", "" };
	size_t n = 0;

	*r = (struct access_request){ .connection = false };
	for (int i = 0; i < ACCESS_TEXTS; i++)
		n += r->len[i] = (uint16_t)strlen(text[i]);
	r->text = text_take(&texts, n + 1);
	r->text[0] = '\0';
	for (int i = 0; i < ACCESS_TEXTS; i++)
		strcat(r->text, text[i]);
}

static const char *
line_text(const struct access_conf *c, const struct access_line *l, uint64_t lost)
{
	buf_clear(&out);
	access_line_write(&out, c, l, lost);
	buf_add(&out, "", 1);
	assert_false(out.full);
	return out.p;
}

/* What the text matches, with '#' for digits. */
static void
assert_looks(const char *text, const char *like)
{
	const char *t = text, *l = like;

	while (*t != '\0' && *l != '\0' && (*t == *l || (*l == '#' && *t >= '0' && *t <= '9')))
		t++, l++;
	if (*t != '\0' || *l != '\0')
		fail_msg("at '%s':\n%sis not\n%s", t, text, like);
}

static struct addr address;
static struct access_request request;
static struct access_line line;

static int
setup(void **state)
{
	(void)state;
	buf_init(&out, 16384);
	assert_null(addr_parse(STR("10.0.0.7:8080"), &address));
	line_is_kept(&request, "GET", "a.example", "/a\"b?c=d", "https://x.example/\n", "curl/8 (\x01)");
	line = (struct access_line){ .client = STR("192.0.2.7"), .peer = STR("198.51.100.1"), .port = 4711, .version = ACCESS_HTTP_1_1,
	    .request = &request, .status = 200, .bytes = 140, .content = 12, .received = 3,
	    .took_usec = 1500, .service = STR("web"), .task = STR("web.1"), .address = &address,
	    .scheme = "http", .origin_status = 200, .origin_content = 48, .origin_usec = 1000,
	    .tried = 1, .again = 1, .count = 9, .why = WHY_COMPLETE };
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	free((struct text *)(void *)request.text - 1);
	buf_fini(&out);
	return 0;
}

static void
test_formats(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_MOLA };

	(void)state;
	assert_looks(line_text(&c, &line, 3), "time=####-##-##T##:##:##.###Z client=192.0.2.7 method=\"GET\" "
	    "host=\"a.example\" target=\"/a\\\"b?c=d\" status=200 bytes=140 usec=1500 protocol=HTTP/1.1 "
	    "service=\"web\" task=\"web.1\" why=complete lost=3\n");
	c.format = ACCESS_FORMAT_JSON;
	assert_looks(line_text(&c, &line, 3), "{\"level\":\"info\",\"msg\":\"\",\"time\":\"####-##-##T##:##:##.###Z\","
	    "\"StartUTC\":\"####-##-##T##:##:##.###Z\",\"StartLocal\":\"####-##-##T##:##:##.###Z\",\"ClientHost\":\"192.0.2.7\","
	    "\"ClientAddr\":\"198.51.100.1:4711\",\"ClientPort\":\"4711\",\"ClientUsername\":\"-\",\"RequestMethod\":\"GET\","
	    "\"RequestHost\":\"a.example\",\"RequestAddr\":\"a.example\",\"RequestPort\":\"-\",\"RequestPath\":\"/a\\\"b?c=d\",\"request_Referer\":"
	    "\"https://x.example/\\u000a\",\"request_User-Agent\":\"curl/8 (\\u0001)\",\"DownstreamStatus\":200,"
	    "\"RequestContentSize\":3,\"bytes\":140,\"DownstreamContentSize\":12,\"GzipRatio\":4,\"Duration\":1500000,"
	    "\"RequestProtocol\":\"HTTP/1.1\",\"RequestScheme\":\"http\",\"ServiceName\":\"web\",\"task\":\"web.1\","
	    "\"ServiceAddr\":\"10.0.0.7:8080\",\"ServiceURL\":\"http://10.0.0.7:8080\",\"OriginStatus\":200,\"OriginContentSize\":48,"
	    "\"OriginDuration\":1000000,\"Overhead\":500000,\"RetryAttempts\":1,\"why\":\"complete\",\"RequestCount\":9,\"lost\":3}\n");
	c.format = ACCESS_FORMAT_COMBINED;
	line.took_usec = line.origin_usec = 0;
	const char *text = line_text(&c, &line, 3), *day = strchr(text, '[');
	assert_true(strncmp(text, "192.0.2.7 - - [", 15) == 0 && day != NULL);
	assert_looks(strchr(day, ':'), ":##:##:## +0000] \"GET /a\\\"b?c=d HTTP/1.1\" 200 12 "
	    "\"https://x.example/\\u000a\" \"curl/8 (\\u0001)\"\n");
}

static void
test_tls_and_what_has_no_request(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_MOLA };
	struct tls_facts tls = { .version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .resumed = true,
	    .peer = "CN=joe,O=a" };
	struct access_request none = { .connection = false };

	(void)state;
	line.tls = &tls;
	assert_non_null(strstr(line_text(&c, &line, 0), " why=complete tls=TLSv1.3 cipher=TLS_AES_128_GCM_SHA256 resumed=yes\n"));
	c.format = ACCESS_FORMAT_JSON;
	assert_non_null(strstr(line_text(&c, &line, 0), "\"RequestScheme\":\"https\""));
	assert_non_null(strstr(line_text(&c, &line, 0), "\"TLSVersion\":\"1.3\",\"TLSCipher\":\"TLS_AES_128_GCM_SHA256\",\"TLSClientSubject\":\"CN=joe,O=a\",\"TLSResumed\":\"yes\","));
	line.address = NULL;			/* no task was asked: Traefik says 0 as well */
	line.origin_content = 0;
	assert_non_null(strstr(line_text(&c, &line, 0), "\"GzipRatio\":0,"));
	c.format = ACCESS_FORMAT_COMMON;
	line.request = &none;
	line.version = ACCESS_UNKNOWN;
	line.status = 0;
	line.content = 0;
	assert_looks(strchr(strchr(line_text(&c, &line, 0), '['), ':'), ":##:##:## +0000] \"-\" 499 0\n");
}

static void
test_dropped_and_redacted(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_JSON };
	enum access_fact f;

	(void)state;
	assert_true(access_fact_parse(STR("client"), &f) && f == ACCESS_CLIENT);
	c.redacted = access_fact_bits(f);
	assert_true(access_fact_parse(STR("RequestPath"), &f) && f == ACCESS_TARGET);
	c.dropped = access_fact_bits(f);
	assert_int_equal(c.dropped, ACCESS_BIT(f));
	assert_false(access_fact_parse(STR(""), &f) || access_fact_parse(STR("nothing"), &f));
	assert_non_null(strstr(line_text(&c, &line, 0), "\"ClientHost\":\"REDACTED\",\"ClientAddr\":\"REDACTED\","
	    "\"ClientPort\":\"REDACTED\",\"ClientUsername\":\"-\",\"RequestMethod\":"));
	assert_null(strstr(out.p, "RequestPath"));
	c.format = ACCESS_FORMAT_COMMON;
	assert_non_null(strstr(line_text(&c, &line, 0), "\"GET - HTTP/1.1\""));
	assert_int_equal(strncmp(out.p, "REDACTED - - [", 14), 0);
}

/* However few words are left, nothing is before the first of them. */
static void
test_first_words_dropped(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_MOLA };

	(void)state;
	c.dropped = ACCESS_BIT(ACCESS_TIME);
	assert_int_equal(strncmp(line_text(&c, &line, 0), "client=", 7), 0);
	c.dropped |= ACCESS_BIT(ACCESS_CLIENT);
	assert_int_equal(strncmp(line_text(&c, &line, 0), "method=", 7), 0);
	c.dropped = UINT64_MAX;
	assert_string_equal(line_text(&c, &line, 3), "lost=3\n");
}

/* Who a filter has found in the request: a word of its own in formats whose words have no spaces. */
static void
test_users(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_MOLA };

	(void)state;
	access_note_user(&request, STR("joe"));
	assert_non_null(strstr(line_text(&c, &line, 0), " client=192.0.2.7 user=\"joe\" method="));
	access_note_user(&request, STR("a \"b\n"));
	c.format = ACCESS_FORMAT_JSON;
	assert_non_null(strstr(line_text(&c, &line, 0), "\"ClientUsername\":\"a \\\"b\\u000a\""));
	c.format = ACCESS_FORMAT_COMMON;
	assert_non_null(strstr(line_text(&c, &line, 0), "192.0.2.7 - a_\\\"b\\u000a ["));
	c.redacted = ACCESS_BIT(ACCESS_USER);
	assert_non_null(strstr(line_text(&c, &line, 0), "192.0.2.7 - REDACTED ["));
	access_note_user(&request, STR(""));
	assert_non_null(strstr(line_text(&c, &line, 0), "192.0.2.7 - - ["));
}

static struct access_field
field(enum access_side side, const char *name)
{
	struct access_field f = { .side = side };

	strcpy(f.name, name);
	return f;
}

static void
test_fields_of_messages(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_JSON, .nfields = 4, .serial = 7, .field = { field(ACCESS_SIDE_REQUEST, "X-Own"),
	    field(ACCESS_SIDE_ORIGIN, "X-Own"), field(ACCESS_SIDE_DOWNSTREAM, "X-Own"), field(ACCESS_SIDE_DOWNSTREAM, "Location") } };
	struct field fields[] = { { .name = STR("x-own"), .value = STR("a\"b") }, { .name = STR("X-Other"), .value = STR("c") },
	    { .name = STR("X-OWN"), .value = STR("") } };
	struct message m = { .field = fields, .nfields = 3 };

	(void)state;
	request.serial = 7;
	assert_null(strstr(line_text(&c, &line, 0), "X-Own"));
	access_keep_message(&c, &request, ACCESS_SIDE_REQUEST, &m);
	access_keep_head(&c, &request, ACCESS_SIDE_DOWNSTREAM, STR("Server: a\r\nx-own:  d \r\nno colon\r\n\r\nX-Own: body\r\n"));
	assert_non_null(strstr(line_text(&c, &line, 0), ",\"request_X-Own\":\"a\\\"b,\",\"downstream_X-Own\":\"d\"}\n"));
	m.nfields = 1;
	access_keep_message(&c, &request, ACCESS_SIDE_ORIGIN, &m);
	m.nfields = 0;
	access_keep_message(&c, &request, ACCESS_SIDE_REQUEST, &m);
	assert_non_null(strstr(line_text(&c, &line, 4), ",\"origin_X-Own\":\"a\\\"b\",\"downstream_X-Own\":\"d\",\"lost\":4}\n"));
	c.format = ACCESS_FORMAT_MOLA;
	assert_non_null(strstr(line_text(&c, &line, 0), " origin_X-Own=\"a\\\"b\" downstream_X-Own=\"d\"\n"));
	c.format = ACCESS_FORMAT_COMBINED;
	assert_null(strstr(line_text(&c, &line, 0), "X-Own"));
	c.format = ACCESS_FORMAT_JSON;
	c.serial++;			/* other fields are wanted since it was kept */
	assert_null(strstr(line_text(&c, &line, 0), "X-Own"));
	access_kept_free(&request);
}

/* As Traefik has it: the names of its router and service, the service when a task was asked. */
static void
test_routers(void **state)
{
	struct access_conf json = { .format = ACCESS_FORMAT_JSON }, own = { .format = ACCESS_FORMAT_MOLA },
	    traefik = { .format = ACCESS_FORMAT_TRAEFIK };

	(void)state;
	access_note_router(&request, STR("shop@swarm"), STR("cart@swarm"));
	access_note_user(&request, STR("joe"));
	assert_non_null(strstr(line_text(&json, &line, 0), ",\"RouterName\":\"shop@swarm\",\"ServiceName\":\"cart@swarm\",\"task\":"));
	assert_non_null(strstr(out.p, "\"ClientUsername\":\"joe\""));
	assert_non_null(strstr(line_text(&own, &line, 0), " router=\"shop@swarm\" service=\"web\" task=\"web.1\""));
	line.listener = STR("web");
	assert_non_null(strstr(line_text(&json, &line, 0), ",\"entryPointName\":\"web\","));
	assert_non_null(strstr(line_text(&own, &line, 0), " user=\"joe\" listener=\"web\" method=\"GET\" "));
	line.took_usec = 1999999;
	assert_looks(strchr(line_text(&traefik, &line, 0), '"'), "\"GET /a\\\"b?c=d HTTP/1.1\" 200 12 \"https://x.example/\\u000a\" "
	    "\"curl/8 (\\u0001)\" 9 \"shop@swarm\" \"http://10.0.0.7:8080\" 1999ms\n");
	assert_int_equal(strncmp(out.p, "192.0.2.7 - joe [", 17), 0);
	line.address = NULL;
	line.task = STR("");
	assert_null(strstr(line_text(&json, &line, 0), "ServiceName"));
	assert_non_null(strstr(line_text(&traefik, &line, 0), " 9 \"shop@swarm\" \"-\" 1999ms\n"));
	request.len[ACCESS_TEXT_ROUTER] = 0;
	line.service = STR("");
	assert_null(strstr(line_text(&json, &line, 0), "ServiceName"));
	assert_non_null(strstr(line_text(&traefik, &line, 0), " 9 \"-\" \"-\" 1999ms\n"));
}

static void
test_addresses(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_JSON };

	(void)state;
	line.peer = STR("2001:db8::1");
	assert_non_null(strstr(line_text(&c, &line, 0), "\"ClientAddr\":\"[2001:db8::1]:4711\",\"ClientPort\":\"4711\""));
	line.peer = STR("");
	assert_null(strstr(line_text(&c, &line, 0), "ClientAddr"));
	static const struct { const char *authority, *port; } hosts[] = { { "a.example:81", "81" },
	    { "a.example", "-" }, { "[::1]", "-" }, { "[::1]:8", "8" }, { "a:", "" } };
	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		char sought[100];
		assert_true(text_grow(&request.text, 100));
		strcpy(request.text, hosts[i].authority);
		memset(request.len, 0, sizeof request.len);
		request.len[ACCESS_TEXT_AUTHORITY] = (uint16_t)strlen(hosts[i].authority);
		snprintf(sought, sizeof sought, "\"RequestAddr\":\"%s\",\"RequestPort\":\"%s\"", hosts[i].authority, hosts[i].port);
		if (strstr(line_text(&c, &line, 0), sought) == NULL)
			fail_msg("not %s in %s", sought, out.p);
	}
}

/* Each fact of the table stands in a line, of a request or of a connection, under its name. */
static void
test_every_fact_is_there(void **state)
{
	static const struct { const char *own, *json; } names[] = {
#define FORMAT(id, name, help)
#define FACT(id, own, json, help) { own, json },
#include "tbl/access.h"
	};
	struct tls_facts tls = { .version = "TLSv1.3", .cipher = "TLS_AES_128_GCM_SHA256", .peer = "CN=a" };
	struct access_conf own = { .format = ACCESS_FORMAT_MOLA }, json = { .format = ACCESS_FORMAT_JSON };
	char all[2][8192] = { "", "" }, sought[80];

	(void)state;
	line.tls = &tls;
	line.middleware = STR("auth");
	line.id = STR("1");
	line.trace = STR("0af7651916cd43dd8448eb211c80319c");
	line.span = STR("b7ad6b7169203331");
	access_note_router(&request, STR("shop@swarm"), STR("cart@swarm"));
	access_note_user(&request, STR("joe"));
	for (int i = 0; i < 2; i++, request.connection = true) {
		strcat(strcat(all[0], " "), line_text(&own, &line, 1));
		strcat(all[1], line_text(&json, &line, 1));
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		snprintf(sought, sizeof sought, " %s=", names[i].own);
		if (names[i].own[0] != '\0' && strstr(all[0], sought) == NULL)
			fail_msg("no line has %s", names[i].own);
		snprintf(sought, sizeof sought, ",\"%s\":", names[i].json);
		if (names[i].json[0] != '\0' && strstr(all[1], sought) == NULL)
			fail_msg("no line has %s", names[i].json);
	}
}

/* Texts of the longest kind, all of whose bytes need escapes: a pipe takes the line in one piece. */
static void
test_no_line_is_too_long(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_MOLA };
	static char bytes[ACCESS_TEXTS * 1024];

	(void)state;
	memset(bytes, 1, sizeof bytes);
	assert_true(text_grow(&request.text, sizeof bytes));
	memcpy(request.text, bytes, sizeof bytes);
	for (int i = 0; i < ACCESS_TEXTS; i++)
		request.len[i] = 1024;
	line.service = line.task = line.middleware = line.id = (struct str){ bytes, 1024 };
	struct field one = { .name = STR("X-Own"), .value = { bytes, 1024 } };
	for (c.nfields = 0; c.nfields < ACCESS_FIELDS_MAX; c.nfields++)
		c.field[c.nfields] = field(ACCESS_SIDE_ORIGIN, "X-Own");
	access_keep_message(&c, &request, ACCESS_SIDE_ORIGIN, &(struct message){ .field = &one, .nfields = 1 });
	for (unsigned f = ACCESS_FORMAT_MOLA; f < ACCESS_FORMATS; f++) {
		c.format = (enum access_format)f;
		line_text(&c, &line, UINT64_MAX);
		assert_true(out.len <= ACCESS_LINE_MAX + 1 && strchr(out.p, '\n') == out.p + out.len - 2);
	}
	access_kept_free(&request);
}

static void
test_wanted(void **state)
{
	struct access_conf c = { .format = ACCESS_FORMAT_MOLA };

	(void)state;
	assert_true(access_wants(&c, &line));
	c.status[c.nstatuses].least = 500;
	c.status[c.nstatuses++].most = 599;
	assert_false(access_wants(&c, &line));
	c.least_usec = 1500;
	assert_true(access_wants(&c, &line));
	c.least_usec = 1501;
	assert_false(access_wants(&c, &line));
	c.tried = true;
	assert_true(access_wants(&c, &line));
	line.tried = 0;
	assert_false(access_wants(&c, &line));
	line.status = 502;
	assert_true(access_wants(&c, &line));
}

/* A line that says how many were lost before it is lost itself: the next one says so of all of them. */
static void
test_lost_lines_are_counted_once(void **state)
{
	const struct access_conf c = { .format = ACCESS_FORMAT_JSON };
	struct access *a = access_new(NULL, open("/dev/full", O_WRONLY));
	char text[8192] = "";
	int ends[2];

	(void)state;
	access_set_conf(a, &c);
	a->waiting = true;		/* for the end of a turn, which is now */
	for (int i = 0; i < 2; i++) {
		access_log(a, &line);
		access_flush(a);
	}
	assert_int_equal(pipe(ends), 0);
	access_set_fd(a, ends[1]);
	access_log(a, &line);
	access_log(a, &line);
	access_flush(a);
	assert_true(read(ends[0], text, sizeof text - 1) > 0);
	assert_non_null(strstr(text, "\"lost\":2}\n"));
	assert_null(strstr(strchr(text, '\n'), "\"lost\""));
	assert_int_equal(access_lost_take(a), 2);
	assert_int_equal(access_lost_take(a), 0);
	a->waiting = false;
	access_free(&a);
	close(ends[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_formats, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tls_and_what_has_no_request, setup, teardown),
		cmocka_unit_test_setup_teardown(test_dropped_and_redacted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_first_words_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_users, setup, teardown),
		cmocka_unit_test_setup_teardown(test_fields_of_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_routers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_addresses, setup, teardown), cmocka_unit_test_setup_teardown(test_every_fact_is_there, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_line_is_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_wanted, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost_lines_are_counted_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
