#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/bug.h"
#include "chain.h"
#include "coded.h"
#include "message.h"

char
pattern(uint32_t exchange, enum side side, uint64_t at)
{
	uint64_t n = (at / 13 + 1) * 2654435761u ^ (uint64_t)exchange * 40503u ^ (side == UP ? 0 : 77);

	return (char)('0' + (n + at) % 75);
}

/* ---- reading ---- */

enum { HEAD, FIXED, UNTIL_END, CHUNK_SIZE, CHUNK_DATA, CHUNK_END, TRAILERS, OVER };

void
reading_begin(struct reading *r, enum side side)
{
	r->side = side;
	r->to_head = r->head = r->done = r->keeps = r->says_keep = r->endless = r->chunked = r->has_length = r->expects = r->ours = r->added = false;
	r->bad = NULL;
	r->status = 0;
	r->method[0] = r->target[0] = r->why[0] = r->by[0] = r->cookie[0] = '\0';
	r->exchange = NOBODY;
	r->seen = (struct chain_seen){ .coding = "" };
	r->coded = NULL;
	r->minor = 0;
	r->length = r->body = r->left = 0;
	r->len = 0;
	r->state = HEAD;
}

static void
field(struct reading *r, const char *name, const char *value)
{
	if (r->side == UP && (strcasecmp(name, "Content_Length") == 0 || strcasecmp(name, "X_Forwarded_For") == 0 ||
	    strcasecmp(name, "X-Hop") == 0 || strcasecmp(name, "Keep-Alive") == 0))
		r->bad = "a field that should not have gone on";
	chain_see(&r->seen, name, value);
	if (strcasecmp(name, "Content-Length") == 0) {
		uint64_t n = strtoull(value, NULL, 10);
		if (r->has_length && n != r->length)
			r->bad = "two lengths";
		r->has_length = true;
		r->length = n;
	} else if (strcasecmp(name, "Transfer-Encoding") == 0)
		r->chunked = strcasecmp(value, "chunked") == 0;
	else if (strcasecmp(name, "Connection") == 0) {
		if (strcasestr(value, "close") != NULL)
			r->keeps = false;
		else if (strcasestr(value, "keep-alive") != NULL)
			r->keeps = r->says_keep = true;
	} else if (strcasecmp(name, "Expect") == 0)
		r->expects = true;
	else if (strcasecmp(name, "Mola-Why") == 0) {
		r->ours = true;
		snprintf(r->why, sizeof r->why, "%s", value);
	} else if (strcasecmp(name, "Set-Cookie") == 0 && strncmp(value, "at=", 3) == 0)
		snprintf(r->cookie, sizeof r->cookie, "%.*s", (int)strcspn(value + 3, ";"), value + 3);
	else if (strcasecmp(name, "X-By") == 0)
		snprintf(r->by, sizeof r->by, "%s", value);
	else if (strcasecmp(name, r->side == UP ? "X-Added" : "X-Also") == 0)
		r->added = strcmp(value, "yes") == 0 && !r->added;
	else if (strcasecmp(name, "X-Tag") == 0)
		r->exchange = (uint32_t)strtoul(value, NULL, 10);
}

static void
first_line(struct reading *r, char *line)
{
	char target[64];

	if (r->side == DOWN) {
		if (sscanf(line, "HTTP/1.%d %d", &r->minor, &r->status) != 2 || r->status < 100)
			r->bad = "no status line";
		r->keeps = r->minor == 1;
		return;
	}
	if (sscanf(line, "%11s %63s HTTP/1.%d", r->method, target, &r->minor) != 3) {
		r->bad = "no request line";
		return;
	}
	r->keeps = r->minor == 1;
	snprintf(r->target, sizeof r->target, "%.39s", target);
}

static void
body_begin(struct reading *r)
{
	bool none = r->side == DOWN && (r->to_head || r->status == 204 || r->status == 304 || (r->status < 200 && r->status != 101));

	if (r->chunked && r->has_length)
		r->bad = "a length beside chunks";
	r->state = none ? OVER : r->chunked ? CHUNK_SIZE : r->has_length ? FIXED : r->side == DOWN ? UNTIL_END : OVER;
	r->left = r->length;
	if (r->state == FIXED && r->left == 0)
		r->state = OVER;
	r->head = true;
	r->endless = r->state == UNTIL_END;
	r->done = r->state == OVER;
}

static void
head_done(struct reading *r)
{
	char *line = r->text, *next, *colon;

	r->text[r->len] = '\0';
	if (strlen(r->text) != r->len)
		r->bad = "a NUL in a head";
	memcpy(r->whole, r->text, r->len + 1);
	for (bool first = true; (next = strstr(line, "\r\n")) != NULL; line = next + 2, first = false) {
		*next = '\0';
		if (*line == '\0')
			break;
		if (first)
			first_line(r, line);
		else if ((colon = strchr(line, ':')) == NULL)
			r->bad = "no field";
		else {
			*colon = '\0';
			field(r, line, colon + 1 + strspn(colon + 1, " \t"));
		}
	}
	r->len = 0;
	if (r->side == UP)
		r->exchange = exchange_of(r->target, &r->seen);
	else if (!r->ours && r->seen.coding[0] != '\0' && (r->coded = coded_new(r->seen.coding, r->exchange)) == NULL)
		r->bad = "a coding that nobody knows";
	body_begin(r);
}

/* A byte of a head, or of a line of chunks. True: it is complete. */
static bool
text_add(struct reading *r, char c, const char *end)
{
	size_t n = strlen(end);

	if (r->len + 1 >= sizeof r->text) {
		r->bad = "endless";
		return false;
	}
	r->text[r->len++] = c;
	return r->len >= n && memcmp(r->text + r->len - n, end, n) == 0;
}

static void
data(struct reading *r, char c)
{
	if (r->coded != NULL)
		coded_add(r->coded, &c, 1);
	else if (!r->ours && c != pattern(r->exchange, r->side, r->body))
		r->bad = "a byte that is not this exchange's";
	r->body++;
}

static void
eat(struct reading *r, char c)
{
	switch (r->state) {
	case HEAD:
		if (text_add(r, c, "\r\n\r\n"))
			head_done(r);
		break;
	case FIXED: case UNTIL_END: case CHUNK_DATA:
		data(r, c);
		if (r->state != UNTIL_END && --r->left == 0)
			r->state = r->state == FIXED ? OVER : CHUNK_END;
		break;
	case CHUNK_SIZE:
		if (!text_add(r, c, "\r\n"))
			break;
		r->text[r->len] = '\0';
		if (strspn(r->text, "0123456789abcdefABCDEF") == 0)
			r->bad = "no size of a chunk";
		r->left = strtoull(r->text, NULL, 16);
		r->state = r->left > 0 ? CHUNK_DATA : TRAILERS;
		r->len = 0;
		break;
	case CHUNK_END:
		if (text_add(r, c, "\r\n")) {
			if (r->len != 2)
				r->bad = "no end of a chunk";
			r->state = CHUNK_SIZE;
			r->len = 0;
		}
		break;
	case TRAILERS:
		if (text_add(r, c, "\r\n")) {
			r->state = r->len == 2 ? OVER : TRAILERS;
			r->len = 0;
		}
	}
	r->done = r->state == OVER;
}

size_t
reading_eat(struct reading *r, const char *p, size_t n)
{
	size_t i = 0;

	while (i < n && !r->done && r->bad == NULL)
		eat(r, p[i++]);
	return i;
}

bool
reading_end(struct reading *r)
{
	if (r->state == UNTIL_END)
		r->done = true;
	return r->done;
}

void
reading_switch(struct reading *r)
{
	r->state = UNTIL_END;
	r->done = false;
}

/* ---- writing ---- */

enum { NEXT, SIZE, DATA, LAST, NOTHING };

/* What stands before the next data. */
static void
writing_next(struct writing *w)
{
	uint64_t n = w->length - w->at;

	w->sent = 0;
	if (!w->chunked) {
		w->state = n > 0 ? DATA : NOTHING;
		return;
	}
	if (n == 0) {
		w->len = (size_t)snprintf(w->text, sizeof w->text, "%s0\r\n\r\n", w->at > 0 ? "\r\n" : "");
		w->state = LAST;
		return;
	}
	n = n < w->chunk ? n : w->chunk;
	w->len = (size_t)snprintf(w->text, sizeof w->text, "%s%s%llx\r\n", w->at > 0 ? "\r\n" : "",
	    w->wrong && w->at > 0 ? "x" : "", (unsigned long long)n);
	w->state = SIZE;
}

size_t
writing_take(struct writing *w, char *out, size_t cap)
{
	size_t n = 0;

	while (n < cap && w->state != NOTHING) {
		if (w->state == NEXT)
			writing_next(w);
		else if (w->state == DATA) {
			out[n++] = pattern(w->exchange, w->side, w->at++);
			if (w->at == w->length || (w->chunked && w->at % w->chunk == 0))
				w->state = NEXT;
		} else {
			out[n++] = w->text[w->sent++];
			if (w->sent == w->len)
				w->state = w->state == SIZE ? DATA : NOTHING;
		}
	}
	return n;
}

uint64_t
writing_bytes(const struct writing *of)
{
	struct writing w = *of;
	uint64_t sum = 0;
	char waste[4096];
	size_t n;

	w.at = w.state = 0;
	while ((n = writing_take(&w, waste, sizeof waste)) > 0)
		sum += n;
	return sum;
}
