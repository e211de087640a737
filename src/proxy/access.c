/*
 * Lines wait here for the end of the turn and for their reader; access_line.c knows how they look.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/sink.h"
#include "http/chars.h"
#include "http/gather.h"
#include "proxy/access_fact.h"
#include "proxy/access_line.h"

#define WAITING_MAX	(256 * 1024)	/* bytes of lines that may wait for their reader */

#define TEXT_USUAL	496		/* bytes; most requests have less to keep */
#define SPARE_MOST	128

/* What is kept of a request; its bytes follow. */
struct text {
	size_t		 cap;
	struct text	*next;		/* while it is spare */
};

struct access {
	struct loop	*loop;
	struct sink	 sink;
	struct access_conf conf;
	bool		 waiting;	/* lines are to be written at the end of this turn */
	bool		 ending;
	uint64_t	 lost;		/* lines, since the last one that was written */
	uint64_t	 said;		/* of these by lines that wait, and may be lost themselves, */
	size_t		 said_at;	/* of which the last one ends here */
	uint64_t	 counted;	/* lines lost since access_lost_take */
	uint64_t	 requests;	/* access_count */
	struct buf	 lines;
	struct text	*spare;		/* of TEXT_USUAL bytes, for the next requests */
	unsigned	 nspare;
	struct deferred	 deferred;
};

struct access *
access_new(struct loop *l, int fd)
{
	struct access *a = must_zalloc(sizeof *a);

	a->loop = l;
	sink_init(&a->sink, fd);
	buf_init(&a->lines, WAITING_MAX);
	return a;
}

void
access_set_conf(struct access *a, const struct access_conf *conf)
{
	unsigned serial = a->conf.serial;

	ASSERT(conf->format < ACCESS_FORMATS && conf->nstatuses <= ACCESS_STATUSES_MAX);
	ASSERT(conf->nfields <= ACCESS_FIELDS_MAX);
	a->conf = *conf;
	a->conf.serial = serial + 1;
}

static void
sink_close(struct access *a)
{
	if (a->sink.fd > STDERR_FILENO)
		close(a->sink.fd);
}

void
access_set_fd(struct access *a, int fd)
{
	ASSERT(fd >= 0);
	if (a->lines.len > 0)
		access_flush(a);
	sink_close(a);
	sink_init(&a->sink, fd);
}

static void
destroy(struct access *a)
{
	struct text *t;

	while ((t = a->spare) != NULL) {
		a->spare = t->next;
		free(t);
	}
	sink_close(a);
	buf_fini(&a->lines);
	free(a);
}

void
access_free(struct access **ap)
{
	struct access *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	if (a->waiting)
		a->ending = true;
	else
		destroy(a);
}

void
access_flush(struct access *a)
{
	long put = sink_write_lines(&a->sink, a->lines.p, a->lines.len);

	if (put >= 0) {
		buf_eat(&a->lines, (size_t)put);
		if ((size_t)put >= a->said_at)
			a->said = a->said_at = 0;
		else
			a->said_at -= (size_t)put;
		return;
	}
	a->lost += a->said;
	a->said = a->said_at = 0;
	for (size_t i = 0; i < a->lines.len; i++)	/* the reader has gone */
		if (a->lines.p[i] == '\n')
			a->lost++, a->counted++;
	buf_clear(&a->lines);
}

uint64_t
access_lost_take(struct access *a)
{
	uint64_t n = a->counted;

	a->counted = 0;
	return n;
}

/* What the reader did not take stays for the next time; past the ceiling, lines are lost and
 * counted. */
static void
on_turn_end(void *arg)
{
	struct access *a = arg;

	ASSERT(a->waiting);
	a->waiting = false;
	access_flush(a);
	if (a->ending)
		destroy(a);
}

/* ---- what is kept of a request ---- */

#define TEXT_KEPT 1024

/* NULL: there is no memory for it. */
static char *
text_take(struct access *a, size_t n)
{
	struct text *t = n <= TEXT_USUAL ? a->spare : NULL;

	if (t != NULL) {
		a->spare = t->next;
		a->nspare--;
	} else {
		if (n < TEXT_USUAL)
			n = TEXT_USUAL;
		if ((t = malloc(sizeof *t + n)) == NULL)
			return NULL;
		t->cap = n;
	}
	return (char *)(t + 1);
}

static void
text_give(struct access *a, char *text)
{
	struct text *t;

	if (text == NULL)
		return;
	t = (struct text *)(void *)text - 1;
	ASSERT(t->cap >= TEXT_USUAL);
	if (t->cap > TEXT_USUAL || a->nspare == SPARE_MOST) {
		free(t);
		return;
	}
	t->next = a->spare;
	a->spare = t;
	a->nspare++;
}

/* False: there is no memory for so much, and nothing has changed. */
static bool
text_grow(char **text, size_t n)
{
	struct text *t = (struct text *)(void *)*text - 1;

	if (n <= t->cap)
		return true;
	if ((t = realloc(t, sizeof *t + n)) == NULL)
		return false;
	t->cap = n;
	*text = (char *)(t + 1);
	return true;
}

/* Without memory for it nothing is kept, and the line lacks it. */
static void
keep(struct access *a, struct access_request *r, const struct str text[ACCESS_TEXTS])
{
	size_t n = 0, at = 0;

	for (unsigned i = 0; i < ACCESS_TEXTS; i++)
		n += r->len[i] = (uint16_t)(text[i].len < TEXT_KEPT ? text[i].len : TEXT_KEPT);
	if ((r->text = text_take(a, n)) == NULL)
		return;
	for (unsigned i = 0; i < ACCESS_TEXTS; i++) {
		if (r->len[i] > 0)
			memcpy(r->text + at, text[i].p, r->len[i]);
		at += r->len[i];
	}
}

bool
access_is_on(const struct access *a)
{
	return a->conf.format != ACCESS_FORMAT_OFF;
}

void
access_note_request(struct access *a, struct access_request *r, const struct message *h)
{
	struct str text[ACCESS_TEXTS] = {
		[ACCESS_TEXT_METHOD] = h->method, [ACCESS_TEXT_HOST] = h->host,
		[ACCESS_TEXT_TARGET] = h->target, [ACCESS_TEXT_AUTHORITY] = h->authority,
	};

	ASSERT(access_is_on(a));
	*r = (struct access_request){ .connection = false };
	for (int i = 0; i < h->nfields; i++) {
		const struct field *f = &h->field[i];
		if (f->id != FIELD_OTHER)
			continue;
		if (str_eq_nocase(f->name, STR("user-agent")))
			text[ACCESS_TEXT_AGENT] = f->value;
		else if (str_eq_nocase(f->name, STR("referer")))
			text[ACCESS_TEXT_REFERER] = f->value;
	}
	keep(a, r, text);
	r->serial = a->conf.serial;
	access_keep_message(&a->conf, r, ACCESS_SIDE_REQUEST, h);
}

/* Other fields are wanted since its head came: it has none. */
static bool
is_of_now(const struct access *a, const struct access_request *r)
{
	return a->conf.nfields > 0 && r->text != NULL && r->serial == a->conf.serial;
}

void
access_note_origin(const struct access *a, struct access_request *r, const struct message *m)
{
	if (is_of_now(a, r))
		access_keep_message(&a->conf, r, ACCESS_SIDE_ORIGIN, m);
}

#define HEAD_READ 16384		/* bytes of a head that are looked at */

void
access_note_downstream(const struct access *a, struct access_request *r, const struct gather *g)
{
	struct buf head;
	const char *end;

	if (!is_of_now(a, r))
		return;
	buf_init(&head, HEAD_READ);
	for (int i = 0; i < g->n && !head.full; i++)
		buf_add(&head, g->v[i].iov_base, g->v[i].iov_len);
	end = head.len == 0 ? NULL : memmem(head.p, head.len, "\r\n", 2);
	if (end != NULL)
		access_keep_head(&a->conf, r, ACCESS_SIDE_DOWNSTREAM, str_between(end + 2, head.p + head.len));
	buf_fini(&head);
}

/* Texts that come later stand behind those of the head. */
static void
keep_more(struct access_request *r, enum access_text which, struct str text)
{
	size_t n = 0, len = text.len < TEXT_KEPT ? text.len : TEXT_KEPT;

	if (r->text == NULL)
		return;
	for (unsigned i = which + 1; i < ACCESS_TEXTS; i++)
		ASSERT(r->len[i] == 0);
	for (unsigned i = 0; i < which; i++)
		n += r->len[i];
	if (!text_grow(&r->text, n + len))
		return;
	if (len > 0)
		memcpy(r->text + n, text.p, len);
	r->len[which] = (uint16_t)len;
}

void
access_note_router(struct access_request *r, struct str name, struct str service)
{
	if (name.len == 0)
		return;
	keep_more(r, ACCESS_TEXT_ROUTER, name);
	keep_more(r, ACCESS_TEXT_SERVICE, service);
}

void
access_note_user(struct access_request *r, struct str user)
{
	keep_more(r, ACCESS_TEXT_USER, user);
}

void
access_note_connection(struct access *a, struct access_request *r, struct str listener,
    struct str server_name)
{
	*r = (struct access_request){ .connection = true };
	if (a->conf.format != ACCESS_FORMAT_OFF)
		keep(a, r, (struct str[ACCESS_TEXTS]){ [ACCESS_TEXT_LISTENER] = listener,
		    [ACCESS_TEXT_SNI] = server_name });
}

void
access_forget(struct access *a, struct access_request *r)
{
	text_give(a, r->text);
	access_kept_free(r);
	*r = (struct access_request){ .connection = false };
}

uint64_t
access_count(struct access *a)
{
	return ++a->requests;
}

void
access_log(struct access *a, const struct access_line *l)
{
	struct buf *b = &a->lines;
	size_t before = b->len;

	if (!access_is_on(a) || !access_wants(&a->conf, l))
		return;
	ASSERT(!a->ending);
	access_line_write(b, &a->conf, l, a->lost);
	if (!b->full) {
		if (a->lost > 0)
			a->said_at = b->len;
		a->said += a->lost;
		a->lost = 0;
	} else {
		b->len = before;
		b->full = false;
		a->lost++;
		a->counted++;
	}
	if (!a->waiting) {
		a->waiting = true;
		loop_defer(a->loop, &a->deferred, on_turn_end, a);
	}
}
