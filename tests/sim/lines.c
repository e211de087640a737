/*
 * A line is an object of one level in JSON, without escapes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kernel.h"
#include "ledger.h"
#include "lines.h"

/* What a line is of. */
enum { REQUEST = 1, HEADLESS = 2, RELAYED = 4, OF_HTTP = REQUEST | HEADLESS, ANY = OF_HTTP | RELAYED };

#define FIELDS_MOST	60

static const struct {
	const char	*key;
	unsigned	 must, may;	/* of what */
} keys[] = {
	{ "level", ANY, ANY }, { "msg", ANY, ANY }, { "time", ANY, ANY }, { "StartUTC", ANY, ANY }, { "StartLocal", ANY, ANY },
	{ "ClientHost", ANY, ANY }, { "ClientAddr", ANY, ANY }, { "ClientPort", ANY, ANY }, { "ClientUsername", OF_HTTP, OF_HTTP },
	{ "entryPointName", REQUEST | RELAYED, ANY }, { "TLSServerName", RELAYED, RELAYED },
	{ "RequestMethod", REQUEST, REQUEST }, { "RequestHost", REQUEST, REQUEST }, { "RequestAddr", REQUEST, REQUEST },
	{ "RequestPort", REQUEST, REQUEST }, { "RequestPath", REQUEST, REQUEST }, { "request_Referer", 0, REQUEST },
	{ "request_User-Agent", 0, REQUEST }, { "DownstreamStatus", OF_HTTP, OF_HTTP }, { "received", RELAYED, RELAYED },
	{ "RequestContentSize", OF_HTTP, OF_HTTP }, { "bytes", ANY, ANY }, { "DownstreamContentSize", OF_HTTP, OF_HTTP },
	{ "GzipRatio", 0, OF_HTTP }, { "Duration", ANY, ANY }, { "RequestProtocol", REQUEST, OF_HTTP }, { "RequestScheme", OF_HTTP, OF_HTTP },
	{ "RouterName", 0, REQUEST }, { "ServiceName", 0, REQUEST | RELAYED }, { "task", ANY, ANY }, { "ServiceAddr", 0, REQUEST | RELAYED },
	{ "ServiceURL", 0, REQUEST }, { "OriginStatus", OF_HTTP, OF_HTTP }, { "OriginContentSize", OF_HTTP, OF_HTTP },
	{ "OriginDuration", OF_HTTP, OF_HTTP }, { "Overhead", OF_HTTP, OF_HTTP }, { "RetryAttempts", OF_HTTP, OF_HTTP },
	{ "middleware", 0, REQUEST }, { "TraceId", 0, REQUEST }, { "SpanId", 0, REQUEST }, { "why", ANY, ANY },
	{ "TLSVersion", 0, ANY }, { "TLSCipher", 0, ANY }, { "TLSClientSubject", 0, ANY }, { "TLSResumed", 0, ANY },
	{ "RequestCount", OF_HTTP, OF_HTTP }, { "lost", 0, ANY },
};

static struct {
	unsigned	 n;
	struct { char key[40], value[1024]; bool quoted; } field[FIELDS_MOST];
} l;

/* "x" or a number, to *value; NULL: it is neither. */
static const char *
value_read(const char *p, char *value, size_t cap, bool *quoted)
{
	const char *end;

	*quoted = *p == '"';
	p += *quoted;
	end = *quoted ? strchr(p, '"') : p + strspn(p, "0123456789.e+-");
	if (end == NULL || (end == p && !*quoted) || (size_t)(end - p) >= cap)
		return NULL;
	memcpy(value, p, (size_t)(end - p));
	value[end - p] = '\0';
	return end + *quoted;
}

static bool
fields_read(const char *p)
{
	for (l.n = 0; l.n < FIELDS_MOST && *p == (l.n == 0 ? '{' : ','); l.n++) {
		bool quoted;
		p = value_read(p + 1, l.field[l.n].key, sizeof l.field[l.n].key, &quoted);
		if (p == NULL || !quoted || *p++ != ':')
			return false;
		if ((p = value_read(p, l.field[l.n].value, sizeof l.field[l.n].value, &l.field[l.n].quoted)) == NULL)
			return false;
	}
	return strcmp(p, "}") == 0;
}

static const char *
get(const char *key)
{
	for (unsigned i = 0; i < l.n; i++)
		if (strcmp(l.field[i].key, key) == 0)
			return l.field[i].value;
	return NULL;
}

static uint64_t
number(const char *key)
{
	const char *value = get(key);

	return value == NULL ? 0 : strtoull(value, NULL, 10);
}

/* A field of a message (log.access.fields). */
static bool
is_of_message(const char *key)
{
	return strncmp(key, "request_", 8) == 0 || strncmp(key, "origin_", 7) == 0 || strncmp(key, "downstream_", 11) == 0;
}

static void
check_keys(unsigned of, const char *line)
{
	for (unsigned i = 0; i < l.n; i++) {
		size_t k = 0;
		for (unsigned n = 0; n < i; n++)
			if (strcmp(l.field[n].key, l.field[i].key) == 0)
				broken("a line has %s twice: %s", l.field[i].key, line);
		while (k < sizeof keys / sizeof *keys && strcmp(keys[k].key, l.field[i].key) != 0)
			k++;
		if (k < sizeof keys / sizeof *keys ? (keys[k].may & of) == 0 : of != REQUEST || !is_of_message(l.field[i].key))
			broken("a line has no %s: %s", l.field[i].key, line);
	}
	for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
		if ((keys[k].must & of) != 0 && get(keys[k].key) == NULL)
			broken("a line lacks %s: %s", keys[k].key, line);
}

static void
equal(const char *key, const char *value, const char *line)
{
	if (get(key) == NULL || strcmp(get(key), value) != 0)
		broken("%s of a line should be %s: %s", key, value, line);
}

static void
check_time(const char *key, int64_t usec, const char *line)
{
	time_t sec = (time_t)(usec / USEC_PER_SEC);
	char text[40], milli[8];
	struct tm tm;

	gmtime_r(&sec, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(milli, sizeof milli, ".%03dZ", (int)(usec % USEC_PER_SEC / USEC_PER_MSEC));
	strcat(text, milli);
	equal(key, text, line);
}

/* A reader who takes nothing for a while gets lines late. */
static void
check_times(const struct plan *p, const char *line)
{
	int64_t now = clock_wall_usec(), took = (int64_t)number("Duration") / 1000;

	if (p->log_trouble != LOG_STALLS) {
		check_time("time", now, line);
		check_time("StartUTC", now - took, line);
		check_time("StartLocal", now - took, line);
	}
	if (get("Overhead") != NULL && number("OriginDuration") + number("Overhead") != number("Duration"))
		broken("the parts of a line's duration are not all of it: %s", line);
}

/* A task has its address, which is a URL for HTTP, and what is of a task is of one. */
static void
check_task(const struct plan *p, unsigned of, const char *line)
{
	const char *task = get("task");
	unsigned service, number_of;
	char addr[32], url[48];

	if ((task[0] != '\0') != (get("ServiceAddr") != NULL) || (of == REQUEST && task[0] != '\0' && get("ServiceURL") == NULL))
		broken("a line has an address without a task, or no address of it: %s", line);
	if (task[0] == '\0') {
		if (get("ServiceURL") != NULL || number("OriginStatus") + number("OriginContentSize") + number("OriginDuration") > 0)
			broken("a line has something of a task, and no task: %s", line);
		return;
	}
	if (p->brain.there || sscanf(task, "s%u.%u", &service, &number_of) != 2 || service >= ALL_SERVICES || number_of >= TASKS)
		return;
	if (p->service[service].task[number_of].detour != NO_DETOUR)
		snprintf(addr, sizeof addr, "10.0.4.%u:8000", 1 + service * TASKS + number_of);
	else
		snprintf(addr, sizeof addr, "10.0.3.%u:%u", service * TASKS + number_of + 1, 8000 + service);
	equal("ServiceAddr", addr, line);
	snprintf(url, sizeof url, "%s://%s", scheme_name(plan_scheme(&p->service[service])), addr);
	if (of == REQUEST)
		equal("ServiceURL", url, line);
}

/* What any client says, and what none does. */
static void
check_request(const char *line)
{
	equal("RequestAddr", get("RequestHost"), line);
	equal("RequestPort", "-", line);
	equal("entryPointName", get("TLSVersion") != NULL ? "secure" : "front", line);
	if (get("RouterName") != NULL && get("ServiceName") != NULL && strcmp(get("RouterName"), get("ServiceName")) != 0)
		broken("a line's router is none of its service: %s", line);
}

static void
check_all(const struct plan *p, unsigned of, const char *line)
{
	char text[64];

	equal("level", "info", line);
	equal("msg", "", line);
	snprintf(text, sizeof text, "%s:%s", get("ClientHost"), get("ClientPort"));
	if (!p->trusts && !p->proxied)		/* or as front.c has it */
		equal("ClientAddr", text, line);
	if (of == RELAYED)
		return;
	equal("RequestScheme", get("TLSVersion") != NULL ? "https" : "http", line);
	if ((get("TLSVersion") != NULL) != (get("TLSCipher") != NULL) || (get("TLSVersion") != NULL) != (get("TLSResumed") != NULL))
		broken("a line has TLS by one field, and not by another: %s", line);
}

void
lines_check(const struct plan *p, const char *line)
{
	const char *listener;
	unsigned of;

	if (!fields_read(line)) {
		broken("a line is no object of one level: %s", line);
		return;
	}
	listener = get("entryPointName");
	of = get("TLSServerName") != NULL || (listener != NULL && listener[0] == 't') ? RELAYED :
	    get("RequestPath") != NULL ? REQUEST : HEADLESS;
	check_keys(of, line);
	if (broken_text() != NULL)
		return;
	check_all(p, of, line);
	check_times(p, line);
	check_task(p, of, line);
	if (of == REQUEST)
		check_request(line);
}
