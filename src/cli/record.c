/*
 * `mola record`: a recording of a running Mola, into a file. Only whole lines are written, so a
 * recording that was cut off, by whatever, can be read to its end. When the brain is restarted, it
 * goes on with another part.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "cli/calls.h"
#include "cli/cli.h"
#include "cli/grid.h"

#define MIB		(1024.0 * 1024)
#define RETRY_USEC	USEC_PER_SEC
#define PATIENCE_USEC	(30 * USEC_PER_SEC)	/* until a brain is back */
#define LINE_BYTES	(256u << 10)

struct recording_file {
	const struct api *a;
	const char	*name;
	int		 fd;
	uint64_t	 seconds, limit, bytes;
	struct calls	*calls;
	struct call	*call;
	struct buf	 rest;		/* the beginning of a line */
	int64_t		 began_usec, lost_usec;	/* 0: not yet; not lost */
	unsigned	 parts;
	bool		 ended;		/* the last line of a part that is whole was there */
	bool		 full, failed;
	char		 problem[512];
};

/* ---- the file ---- */

/* Whole lines. False: the disk, or the limit, does not have them. */
static bool
write_lines(struct recording_file *f, const char *p, size_t n)
{
	if (f->bytes + n > f->limit) {
		f->full = true;
		return false;
	}
	for (size_t done = 0; done < n;) {
		ssize_t w = write(f->fd, p + done, n - done);
		if (w < 0 && errno == EINTR)
			continue;
		if (w < 0) {
			snprintf(f->problem, sizeof f->problem, "%s: %s", f->name, strerror(errno));
			f->failed = true;
			if (ftruncate(f->fd, (off_t)f->bytes) != 0)
				return false;		/* a pipe: the reader leaves the last line out */
			return false;
		}
		done += (size_t)w;
	}
	f->bytes += n;
	return true;
}

/* What of the lines fits, when not all does. */
static size_t
fitting(const struct recording_file *f, const char *p, size_t n)
{
	const char *end;

	if (f->bytes + n <= f->limit)
		return n;
	end = memrchr(p, '\n', (size_t)(f->limit - f->bytes));
	return end == NULL ? 0 : (size_t)(end - p) + 1;
}

static bool
lines_take(struct recording_file *f)
{
	const char *end = f->rest.len == 0 ? NULL : memrchr(f->rest.p, '\n', f->rest.len);
	const char *last;
	size_t whole, fit;

	if (end == NULL)
		return true;
	whole = (size_t)(end - f->rest.p) + 1;
	last = memrchr(f->rest.p, '\n', whole - 1);
	last = last == NULL ? f->rest.p : last + 1;
	f->ended = (size_t)(end - last) > 4 && memcmp(last, "end ", 4) == 0;
	fit = fitting(f, f->rest.p, whole);
	if (fit > 0 && !write_lines(f, f->rest.p, fit))
		return false;
	buf_eat(&f->rest, whole);
	f->full = fit < whole;
	return !f->full;
}

/* ---- the stream ---- */

static bool
on_piece(void *arg, const char *bytes, size_t n)
{
	struct recording_file *f = arg;

	if (f->began_usec == 0)
		f->began_usec = clock_mono_usec();
	if (f->lost_usec != 0 || f->parts == 0)
		f->parts++;
	f->lost_usec = 0;
	if (!buf_add(&f->rest, bytes, n)) {
		snprintf(f->problem, sizeof f->problem, "the server at %s is not Mola: its lines do not end",
		    f->a->where);
		return !(f->failed = true);
	}
	return lines_take(f);
}

static void
on_end(void *arg, const struct call_end *e)
{
	struct recording_file *f = arg;

	f->call = NULL;
	buf_clear(&f->rest);
	if (f->failed || f->full || f->ended)
		return;
	if (f->lost_usec == 0)
		f->lost_usec = clock_mono_usec();
	snprintf(f->problem, sizeof f->problem, "%s", e->problem != NULL ? e->problem :
	    "the recording was cut off");
	/* what is refused, or was never there, is not waited for */
	f->failed = f->began_usec == 0 || (e->status >= 400 && e->status < 500);
}

static uint64_t
seconds_left(const struct recording_file *f)
{
	int64_t gone = f->began_usec == 0 ? 0 : (clock_mono_usec() - f->began_usec) / USEC_PER_SEC;

	return (uint64_t)gone >= f->seconds ? 0 : f->seconds - (uint64_t)gone;
}

static void
request_send(struct recording_file *f)
{
	char path[96];

	snprintf(path, sizeof path, "/api/v1/record?seconds=%llu%s", (unsigned long long)seconds_left(f),
	    f->a->names ? "&names=1" : "");
	f->ended = false;
	f->call = calls_stream(f->calls, path, NULL, on_piece, on_end, f);
	if (f->call == NULL)
		f->failed = true;
}

/* ---- progress ---- */

static void
progress(const struct recording_file *f, bool over)
{
	uint64_t done = f->seconds - seconds_left(f);

	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\rmola record: %llu of %llu s, %.1f MiB%s%s", (unsigned long long)done,
		    (unsigned long long)f->seconds, (double)f->bytes / MIB,
		    f->lost_usec != 0 ? ", the brain is away " : "          ", over ? "\n" : "");
}

static void
summary(const struct recording_file *f)
{
	fprintf(stderr, "mola record: %s has %llu s, %.1f MiB%s%s\n", f->name,
	    (unsigned long long)(f->seconds - seconds_left(f)), (double)f->bytes / MIB,
	    f->parts > 1 ? ", with a gap: the brain was restarted" : "",
	    f->full ? "; it ended at its limit" : "");
}

/* ---- the whole ---- */

/* Ctrl-C ends a recording, and is no reason to leave half a line. */
static int
signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

static void
record(struct recording_file *f)
{
	int signals = signals_open();
	int64_t tried = clock_mono_usec();
	bool stopped = false;

	request_send(f);
	while (!stopped && !f->failed && !f->full && !f->ended) {
		int64_t now = clock_mono_usec();
		stopped = calls_turn(f->calls, signals, 250);
		progress(f, false);
		if (f->call != NULL || f->failed || f->ended || now - tried < RETRY_USEC)
			continue;
		if (seconds_left(f) == 0)
			break;
		if (now - f->lost_usec > PATIENCE_USEC)
			f->failed = true;
		else
			request_send(f);
		tried = now;
	}
	calls_cancel(&f->call);
	progress(f, true);
	if (signals >= 0)
		close(signals);
}

static bool
number_read(const char *text, uint64_t fallback, uint64_t most, uint64_t *out)
{
	*out = fallback;
	return text == NULL || (str_to_u64(str_of(text), out) && *out >= 1 && *out <= most);
}

static bool
file_open(struct recording_file *f)
{
	f->name = f->a->output != NULL ? f->a->output : "mola.recording";
	f->fd = strcmp(f->name, "-") == 0 ? dup(STDOUT_FILENO) :
	    open(f->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (f->fd < 0)
		fprintf(stderr, "mola record: %s: %s\n", f->name, errno == EEXIST ?
		    "there is such a file already; name another one with --output" : strerror(errno));
	return f->fd >= 0;
}

int
record_main(int argc, char **argv)
{
	struct api a;
	struct recording_file f = { .a = &a };
	int status = api_init(&a, argc, argv, 0, 0);

	if (status != API_GO_ON)
		return status;
	if (!number_read(a.seconds, 60, 86400, &f.seconds))
		return help_misuse(a.verb, "--seconds expects a number from 1 to 86400");
	if (!number_read(a.limit, 16, 64, &f.limit))
		return help_misuse(a.verb, "--limit expects a number of MiB from 1 to 64");
	if (a.json)
		return help_misuse(a.verb, "a recording is no JSON");
	if (!file_open(&f))
		return 1;
	f.limit <<= 20;
	buf_init(&f.rest, LINE_BYTES + (1u << 20));
	f.calls = calls_new(&a);
	record(&f);
	calls_free(&f.calls);
	buf_fini(&f.rest);
	close(f.fd);
	if (f.problem[0] != '\0' && f.failed)
		fprintf(stderr, "mola record: %s\n", f.problem);
	if (f.bytes == 0 && strcmp(f.name, "-") != 0)
		unlink(f.name);
	else
		summary(&f);
	return f.failed ? 1 : 0;
}
