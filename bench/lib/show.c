/*
 * Knows columns and colours; what the numbers are is the demo's business. The picture is 24 lines of 80 columns:
 * every line is cut at the terminal's width and ends by clearing its rest.
 */
#include <langinfo.h>
#include <locale.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "show.h"

#define BAR 20

enum { PLAIN, DIM, BOLD, RED, GREEN, YELLOW, BLUE };

static const char *
paint(const struct show *s, int colour)
{
	static const char *const code[] = { "\033[0m", "\033[2m", "\033[1m", "\033[31m", "\033[32m", "\033[33m", "\033[36m" };

	return s->colour ? code[colour] : "";
}

void
show_begin(struct show *s, FILE *f)
{
	const char *term = getenv("TERM");
	struct winsize w;

	setlocale(LC_CTYPE, "");
	s->terminal = isatty(fileno(f)) && term != NULL && strcmp(term, "dumb") != 0;
	s->colour = s->terminal && getenv("NO_COLOR") == NULL;
	s->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	s->width = 80;
	if (s->terminal && ioctl(fileno(f), TIOCGWINSZ, &w) == 0 && w.ws_col >= 40)
		s->width = w.ws_col;
	if (s->terminal)
		fputs("\033[2J\033[?25l", f);
}

struct show_policy *
show_policy(struct show *s, const char *name)
{
	for (unsigned i = 0; i < s->npolicies; i++)
		if (name != NULL && strcmp(s->policy[i].name, name) == 0)
			return &s->policy[i];
	return NULL;
}

void
show_event(struct show *s, FILE *f, const char *text)
{
	struct show_event *e;

	if (s->nevents == SHOW_EVENTS) {
		memmove(s->event, s->event + 1, sizeof s->event - sizeof *s->event);
		s->nevents--;
	}
	e = &s->event[s->nevents++];
	e->at = s->seconds;
	snprintf(e->text, sizeof e->text, "%s", text);
	if (!s->terminal)
		fprintf(f, "%5.1f s  * %s\n", e->at, text);
	fflush(f);
}

/* How many bytes make so many columns; every character here is one column wide. */
static int
cut(const char *text, unsigned columns)
{
	int n = 0;

	for (; text[n] != '\0'; n++)
		if (((unsigned char)text[n] & 0xc0) != 0x80 && columns-- == 0)
			break;
	return n;
}

/* One line of the picture; plain text only, so that it can be cut. */
static void
line(const struct show *s, FILE *f, int colour, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	fprintf(f, "%s%.*s%s\033[K\n", paint(s, colour), cut(text, s->width), text, paint(s, PLAIN));
}

/* Cores of a node from left to right: others' threads, ours, free ones. */
static void
bar(const struct show *s, FILE *f, const struct show_node *n)
{
	static const char *const wide[] = { "█", "▒", "·" }, *const narrow[] = { "#", "=", "." };
	const char *const *cell = s->utf8 ? wide : narrow;
	int others = (int)lround(BAR * n->others / n->cores), ours = (int)lround(BAR * (n->others + n->ours) / n->cores);
	int kind, was = -1;

	for (int i = 0; i < BAR; i++) {
		kind = i < others ? 0 : i < ours ? 1 : 2;
		if (kind != was)
			fputs(paint(s, PLAIN), f), fputs(paint(s, kind == 0 ? (n->hog > 0 ? RED : YELLOW) : kind == 1 ? BLUE : DIM), f);
		fputs(cell[kind], f);
		was = kind;
	}
	fputs(paint(s, PLAIN), f);
}

static bool
has_room(const struct show_node *n)
{
	return n->others + n->ours + 1 <= n->cores;
}

static const char *
verdict(const struct show_node *n, char out[40])
{
	unsigned threads = n->others + n->ours;

	if (strcmp(n->state, "draining") == 0 || strcmp(n->state, "ejected") == 0 || strcmp(n->state, "down") == 0)
		snprintf(out, 40, "%s", n->state);
	else if (n->hog > 0)
		snprintf(out, 40, "HOG: %u threads", n->hog);
	else
		snprintf(out, 40, "%s", has_room(n) ? "has room" : threads <= n->cores ? "full" : "crowded");
	return out;
}

static void
node_line(const struct show *s, FILE *f, unsigned i)
{
	const struct show_node *n = &s->node[i];
	char cost[16] = "-", words[40];
	int room = (int)s->width - 62;

	if (!isnan(n->cost))
		snprintf(cost, sizeof cost, "%.2f", n->cost);
	fprintf(f, " n%-2u %5g  ", i + 1, n->cores);
	bar(s, f, n);
	fprintf(f, " %6u %6u %4.0f %% %6s  ", n->others, n->ours, 100 * n->share, cost);
	fprintf(f, "%s%.*s%s\033[K\n", paint(s, n->hog > 0 ? RED : has_room(n) ? GREEN : PLAIN), room > 0 ? room : 0,
	    s->width >= 130 && n->hog == 0 ? n->reason : verdict(n, words), paint(s, PLAIN));
}

static void
number(char out[24], double ms, bool at_least)
{
	if (isinf(ms))
		snprintf(out, 24, "failed");
	else if (ms > 0)
		snprintf(out, 24, "%s%.*f", at_least ? ">" : "", ms < 1000 ? 1 : 0, ms);
	else
		snprintf(out, 24, "-");
}

static void
policy_line(const struct show *s, FILE *f, const struct show_policy *p, bool ours)
{
	char p50[24], p99[24], now[24];

	number(p50, p->p50, false);
	number(p99, p->p99, p->at_least);
	number(now, p->recent_p99, false);
	line(s, f, ours ? BOLD : PLAIN, " %-14s %10s %10s %14s %12lu %9lu", p->name, p50, p99, now, p->inflight, p->failed);
}

static unsigned
busiest(const struct show *s)
{
	unsigned most = 0;

	for (unsigned i = 1; i < s->nnodes; i++)
		if (s->node[i].share > s->node[most].share)
			most = i;
	return most;
}

/* The cores stand in the table already. */
static const char *
reason(const struct show_node *n)
{
	double cores;
	int used = 0;

	return sscanf(n->reason, "%lf cores, %n", &cores, &used) == 1 && used > 0 ? n->reason + used : n->reason;
}

static void
why_lines(const struct show *s, FILE *f)
{
	unsigned a = busiest(s), b = s->watched;

	if (a == b)
		b = a > 0 ? a - 1 : a + 1;
	line(s, f, DIM, " n%u: %s", a + 1, reason(&s->node[a]));
	line(s, f, DIM, " n%u: %s", b + 1, reason(&s->node[b]));
}

void
show_draw(struct show *s, FILE *f)
{
	char last[300];

	if (!s->terminal)
		return;
	fputs("\033[H", f);
	line(s, f, BOLD, " Mola: each request goes to the node that has room for it      %5.0f of %.0f s", s->seconds, s->total);
	line(s, f, BLUE, " in a browser: %s", s->page);
	line(s, f, DIM, s->utf8 ? " below, what policy marginal sees and does:  █ others' threads  ▒ our requests"
	    : " below, what policy marginal sees and does:  # others' threads  = our requests");
	line(s, f, DIM, " node cores %-*s others   ours  share   cost", BAR + 1, " threads on the cores");
	for (unsigned i = 0; i < s->nnodes; i++)
		node_line(s, f, i);
	why_lines(s, f);
	line(s, f, PLAIN, "");
	line(s, f, DIM, " policy             p50 ms     p99 ms  p99 ms, now   unanswered    failed");
	for (unsigned i = 0; i < s->npolicies; i++)
		policy_line(s, f, &s->policy[i], i == 0);
	line(s, f, PLAIN, "");
	for (unsigned i = s->nevents < 2 ? 0 : s->nevents - 2, k = 0; k < 2; i++, k++)
		if (i < s->nevents)
			line(s, f, YELLOW, " %4.1f s  %s", s->event[i].at, s->event[i].text);
		else
			line(s, f, PLAIN, "");
	snprintf(last, sizeof last, "%s   %u emulated nodes, %.0f requests/s to each", s->where, s->nnodes,
	    s->rate);
	fprintf(f, "%s%.*s%s\033[K", paint(s, DIM), cut(last, s->width), last, paint(s, PLAIN));
	fflush(f);
}

void
show_line(struct show *s, FILE *f)
{
	char p99[24];

	if (s->terminal)
		return;
	fprintf(f, "%5.1f s  p99 ms:", s->seconds);
	for (unsigned i = 0; i < s->npolicies; i++) {
		number(p99, s->policy[i].p99, false);
		fprintf(f, "  %s %s", s->policy[i].name, p99);
	}
	fprintf(f, "   shares:");
	for (unsigned i = 0; i < s->nnodes; i++)
		fprintf(f, " n%u %.0f%%", i + 1, 100 * s->node[i].share);
	fprintf(f, "\n         why n%u: %s\n", s->watched + 1, s->node[s->watched].reason);
	fflush(f);
}

void
show_end(struct show *s, FILE *f)
{
	if (s->terminal)
		fputs("\033[?25h\n", f);
	s->terminal = false;
	fflush(f);
}

void
show_table(const struct show *s, FILE *f)
{
	const struct show_policy *first = &s->policy[0];
	char p50[24], p99[24], by50[24], by99[24];

	fprintf(f, "%s %-12s %9s %9s %15s %15s %10s%s\n", paint(s, BOLD), "policy", "p50 ms", "p99 ms", "p50 / marginal",
	    "p99 / marginal", "requests", paint(s, PLAIN));
	for (unsigned i = 0; i < s->npolicies; i++) {
		const struct show_policy *p = &s->policy[i];
		number(p50, p->p50, false);
		number(p99, p->p99, p->at_least);
		snprintf(by50, sizeof by50, "%.*f", p->p50 < 100 * first->p50 ? 2 : 0, p->p50 / first->p50);
		snprintf(by99, sizeof by99, "%s%.*f", p->at_least ? ">" : "", p->p99 < 100 * first->p99 ? 2 : 0, p->p99 / first->p99);
		fprintf(f, " %-12s %9s %9s %15s %15s %10lu\n", p->name, p50, p99, by50, by99, p->sent);
	}
	for (unsigned i = 0; i < s->npolicies; i++)
		if (s->policy[i].failed > 0 || s->policy[i].at_least)
			fprintf(f, " %s: %lu requests failed, %lu had no response at the end\n (counted with their time until then)\n",
			    s->policy[i].name, s->policy[i].failed, s->policy[i].unfinished);
}

/* What 99 of 100 requests took; false: there is no such number. */
static bool
within(char out[40], const struct show_policy *p)
{
	double seconds = p->p99 / 1000;

	if (!(seconds > 0) || isinf(seconds))
		return false;
	snprintf(out, 40, "%s%.*f s", p->at_least ? "more than " : "", seconds < .1 ? 3 : seconds < 1 ? 2 : seconds < 10 ? 1 : 0,
	    seconds);
	return true;
}

/* Beside what most people have. */
void
show_words(const struct show *s, FILE *f)
{
	const struct show_policy *first = &s->policy[0], *other = NULL;
	char ours[40], theirs[40];

	for (unsigned i = 1; i < s->npolicies; i++)
		if (strcmp(s->policy[i].name, "round-robin") == 0)
			other = &s->policy[i];
	if (other == NULL || !within(ours, first) || !within(theirs, other))
		fputs(" There are too few responses for a comparison.\n", f);
	else
		fprintf(f, " With Mola, 99 of 100 requests took %s at most;\n with round robin it was %s.\n", ours, theirs);
}
