/*
 * Two steps: the addresses of the server's name, and the request. CAs are parsed once for a set of
 * secrets, not for each handshake.
 */
#include <curl/urlapi.h>
#include <curl/curl.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "net/fetch.h"
#include "proxy/outcall.h"

#define CALLS_MOST	1024		/* under way at once, of a worker */
#define WAY_MAX		1024		/* HOST:PORT:ADDRESS,... */

struct outcalls {
	struct loop	*loop;
	struct fetcher	*fetcher;
	struct resolver	*resolver;
	struct secrets	*secrets;	/* ours; NULL: none have come */
	X509_STORE	*trust;		/* made when first needed */
	unsigned	 count;
};

struct outcall {
	struct outcalls	*calls;
	struct filter_fetch *what;
	char		*host, *port;	/* of libcurl */
	bool		 is_tls;
	struct resolve	*resolve;	/* under way */
	struct fetch	*fetch;		/* the same, later */
	struct timer	 failed;	/* it is told in a turn of its own */
};

/* ---- whom to trust ---- */

static void
trust_add(X509_STORE *store, struct str pem)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.len);
	X509 *x;

	if (bio == NULL)
		return;
	while ((x = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
		X509_STORE_add_cert(store, x);
		X509_free(x);
	}
	BIO_free(bio);
}

/* An empty one where there are no CAs: nobody is trusted then. */
static X509_STORE *
trust_of(struct outcalls *o)
{
	struct str pem;

	if (o->trust != NULL || (o->trust = X509_STORE_new()) == NULL)
		return o->trust;
	if (o->secrets != NULL && secrets_find(o->secrets, STR("task-ca/system"), &pem))
		trust_add(o->trust, pem);
	return o->trust;
}

/* ---- one call ---- */

static void
call_free(struct outcall *c)
{
	timer_clear(c->calls->loop, &c->failed);
	c->calls->count--;
	curl_free(c->host);
	curl_free(c->port);
	free(c);
}

static void
call_end(struct outcall *c, int status, bool large, struct str body)
{
	struct filter_fetch *what = c->what;

	if (status == 0 && !large && c->calls->resolver != NULL)
		resolver_forget(c->calls->resolver, str_of(c->host));
	call_free(c);
	what->own = NULL;
	what->done(what, status, large, body);
}

static void
on_failed(void *arg)
{
	call_end(arg, 0, false, STR(""));
}

static void
call_fail(struct outcall *c)
{
	struct loop *l = c->calls->loop;

	timer_set(l, &c->failed, loop_now(l) + 1, on_failed, c);
}

static void
on_head(void *arg)
{
	struct outcall *c = arg;

	c->what->on_head(c->what);
}

static void
on_field(void *arg, struct str name, struct str value)
{
	struct outcall *c = arg;

	c->what->on_field(c->what, name, value);
}

static void
on_fetched(void *arg, const struct fetch_result *r)
{
	struct outcall *c = arg;
	bool large = r->why == WHY_METRICS_LARGE, whole = r->why == NULL || r->why == WHY_METRICS_STATUS;

	c->fetch = NULL;
	call_end(c, whole ? (int)r->status : 0, large, whole ? r->body : STR(""));
}

/* "HOST:PORT:ADDRESS,..."; false: it is too long. */
static bool
way_write(const struct outcall *c, const struct ip *ip, unsigned n, struct buf *out)
{
	char text[IP_TEXT_MAX];

	buf_printf(out, "%s:%s:", c->host, c->port);
	for (unsigned i = 0; i < n; i++) {
		bool v4 = ip_is_v4(&ip[i]);
		buf_printf(out, "%s%s%.*s%s", i > 0 ? "," : "", v4 ? "" : "[", STR_ARG(ip_text(&ip[i], text)),
		    v4 ? "" : "]");
	}
	buf_add(out, "", 1);
	return !out->full;
}

/* NULL in `way`: its host is a number. */
static void
call_fetch(struct outcall *c, const char *way)
{
	const struct filter_fetch *w = c->what;
	struct fetch_conf conf = { .url = w->url, .method = w->method, .body = w->body,
	    .timeout_usec = w->timeout_usec,
	    .body_max = w->body_max > 0 ? w->body_max : 1, .fields = w->fields, .nfields = w->nfields,
	    .on_head = on_head, .on_field = on_field, .resolved = way, .insecure = w->insecure };

	if (c->is_tls && !w->insecure && (conf.trust = trust_of(c->calls)) == NULL) {
		call_fail(c);
		return;
	}
	c->fetch = fetch_start(c->calls->fetcher, &conf, NULL, on_fetched, c);
	if (c->fetch == NULL)
		call_fail(c);
}

static void
call_way(struct outcall *c, const struct ip *ip, unsigned n)
{
	struct buf way;

	buf_init(&way, WAY_MAX);
	if (n > 0 && way_write(c, ip, n, &way))
		call_fetch(c, way.p);
	else
		call_fail(c);
	buf_fini(&way);
}

static void
on_resolved(void *arg, const struct ip *ip, unsigned n)
{
	struct outcall *c = arg;

	c->resolve = NULL;
	call_way(c, ip, n);
}

/* ---- its beginning ---- */

static bool
url_read(struct outcall *c)
{
	CURLU *u = curl_url();
	char *scheme = NULL;
	bool good = u != NULL && curl_url_set(u, CURLUPART_URL, c->what->url, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_HOST, &c->host, 0) == CURLUE_OK
	    && curl_url_get(u, CURLUPART_PORT, &c->port, CURLU_DEFAULT_PORT) == CURLUE_OK;

	c->is_tls = good && strcmp(scheme, "https") == 0;
	curl_free(scheme);
	curl_url_cleanup(u);
	return good;
}

static bool
is_number(const char *host)
{
	struct ip ip;

	return host[0] == '[' || ip_parse(str_of(host), &ip);
}

static bool
call_start(void *arg, struct filter_fetch *what)
{
	struct outcalls *o = arg;
	struct ip ip[RESOLVE_MOST];
	struct outcall *c;
	unsigned n;

	if (o->count >= CALLS_MOST || (c = try_alloc(sizeof *c)) == NULL)
		return false;
	memset(c, 0, sizeof *c);
	c->calls = o;
	c->what = what;
	o->count++;
	what->own = c;
	if (!url_read(c))
		call_fail(c);
	else if (is_number(c->host))
		call_fetch(c, NULL);
	else if (o->resolver == NULL)
		call_fail(c);
	else if (resolver_find(o->resolver, str_of(c->host), ip, &n))
		call_way(c, ip, n);
	else if ((c->resolve = resolve_start(o->resolver, str_of(c->host), on_resolved, c)) == NULL)
		call_fail(c);
	return true;
}

static void
call_cancel(void *arg, struct filter_fetch *what)
{
	struct outcall *c = what->own;

	(void)arg;
	ASSERT(c != NULL && c->what == what);
	if (c->resolve != NULL)
		resolve_cancel(c->resolve);
	if (c->fetch != NULL)
		fetch_cancel(c->fetch);
	call_free(c);
}

/* ---- all of them ---- */

struct outcalls *
outcalls_new(struct loop *l, struct resolver *resolver)
{
	struct outcalls *o = must_zalloc(sizeof *o);

	o->loop = l;
	o->resolver = resolver;
	o->fetcher = fetcher_new(l);
	return o;
}

void
outcalls_free(struct outcalls **op)
{
	struct outcalls *o = *op;

	*op = NULL;
	if (o == NULL)
		return;
	ASSERT(o->count == 0);		/* runs have ended, and have cancelled theirs */
	fetcher_free(&o->fetcher);
	secrets_unref(&o->secrets);
	X509_STORE_free(o->trust);
	free(o);
}

void
outcalls_set_secrets(struct outcalls *o, struct secrets *s)
{
	struct secrets *old = o->secrets;

	o->secrets = s != NULL ? secrets_ref(s) : NULL;
	secrets_unref(&old);
	X509_STORE_free(o->trust);
	o->trust = NULL;
}

struct filter_fetch_ops
outcalls_ops(struct outcalls *o)
{
	return (struct filter_fetch_ops){ call_start, call_cancel, o };
}
