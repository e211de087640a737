/*
 * One loop, one server. An agent without readers reads nothing and sleeps. Every stream has a
 * timer of its own; reads of /proc that would come within LOOK_USEC of each other are one. Must not
 * know what is in them.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/sink.h"
#include "cli/cli.h"
#include "conf/conf_type.h"
#include "conf/conf_value.h"
#include "http/server.h"
#include "main/descriptors.h"
#include "main/procfs.h"
#include "main/sandbox.h"
#include "main/verbs.h"
#include "net/loop.h"
#include "signals/proc_page.h"

#define TEXT_MAX	(8u << 20)
#define TEXT_TYPE	"text/plain; version=0.0.4; charset=utf-8"
#define LOOK_USEC	(20 * USEC_PER_MSEC)
#define STREAMS_MAX	64

struct agent {
	const char	*listen, *proc, *cgroup;	/* as given */
	int64_t		 period_usec;

	struct loop	*loop;
	struct server	*server;
	struct io	 signals;
	struct procfs	*procfs;
	struct buf	 block;		/* the last read, as streams send it */
	int64_t		 looked_usec;
	LIST_HEAD(, stream_out) streams;
	unsigned	 nstreams;
};

struct stream_out {
	LIST_ENTRY(stream_out) link;
	struct agent	*agent;
	struct request	*request;
	struct timer	 timer;
	struct deferred	 deferred;
	int64_t		 period_usec, due_usec;
};

static const struct conf_key period_key = { .name = "period", .type = &type_DURATION,
    .range = { "100ms", "10s" } };

/* ---- responses ---- */

static void
reply_text(struct request *req, int status, const char *text)
{
	request_reply(req, status, "text/plain; charset=utf-8", str_of(text), NULL);
}

static void
reply_metrics(struct agent *a, struct request *req)
{
	const struct proc_view *view = procfs_look(a->procfs, clock_mono_usec(), true);
	struct buf page;

	buf_init(&page, TEXT_MAX);
	proc_page(&page, view);
	if (view->ncpus == 0)
		reply_text(req, 503, "PROC/stat cannot be read\n");
	else if (page.full)
		reply_text(req, 503, "the page does not fit\n");
	else
		request_reply(req, 200, TEXT_TYPE, buf_str(&page), NULL);
	buf_fini(&page);
}

static void
stream_free(void *arg)
{
	free(arg);
}

static void
stream_gone(void *arg, struct request *req)
{
	struct stream_out *s = arg;

	ASSERT(s->agent->nstreams > 0 && s->request == req);
	timer_clear(s->agent->loop, &s->timer);
	LIST_REMOVE(s, link);
	s->agent->nstreams--;
	loop_defer(s->agent->loop, &s->deferred, stream_free, s);
}

static void
stream_send(struct stream_out *s)
{
	struct agent *a = s->agent;
	int64_t now = loop_now(a->loop);

	if (a->looked_usec == 0 || now - a->looked_usec >= LOOK_USEC) {
		buf_clear(&a->block);
		proc_block(&a->block, procfs_look(a->procfs, clock_mono_usec(), false));
		a->looked_usec = now;
	}
	request_write(s->request, buf_str(&a->block));
}

/* Each block is written as it is read. One that is late is not made up for, and a reader who has
 * not taken the last one gets none: what waits would only grow old. */
static void
stream_due(void *arg)
{
	struct stream_out *s = arg;
	struct loop *loop = s->agent->loop;
	int64_t now = loop_now(loop);

	ASSERT(s->period_usec > 0 && s->due_usec <= now);
	s->due_usec += s->period_usec;
	if (s->due_usec <= now)
		s->due_usec = now + s->period_usec;
	timer_set(loop, &s->timer, s->due_usec, stream_due, s);
	if (request_backlog(s->request) == 0)
		stream_send(s);
}

static void
reply_stream(struct agent *a, struct request *req)
{
	char text[32], problem[CONF_PROBLEM_MAX];
	int64_t period = a->period_usec;
	struct stream_out *s;

	if (request_query(req, "period", text, sizeof text) &&
	    !value_read(&period_key, str_of(text), &period, problem)) {
		strncat(problem, "\n", sizeof problem - strlen(problem) - 1);
		reply_text(req, 400, problem);
		return;
	}
	if (a->nstreams == STREAMS_MAX) {
		reply_text(req, 503, "too many streams\n");
		return;
	}
	s = must_zalloc(sizeof *s);
	s->agent = a;
	s->request = req;
	s->period_usec = period;
	s->due_usec = loop_now(a->loop) + period;
	LIST_INSERT_HEAD(&a->streams, s, link);
	a->nstreams++;
	request_stream(req, TEXT_TYPE, NULL, stream_gone, s);
	timer_set(a->loop, &s->timer, s->due_usec, stream_due, s);
	stream_send(s);
}

static void
on_request(void *arg, struct request *req)
{
	struct str method = request_head(req)->method, path = request_path(req);
	bool head = str_eq(method, STR("HEAD"));
	struct agent *a = arg;

	if (!str_eq(method, STR("GET")) && !head)
		request_reply(req, 405, "text/plain; charset=utf-8",
		    STR("only GET is supported\n"), "Allow: GET, HEAD\r\n");
	else if (str_eq(path, STR("/metrics")))
		reply_metrics(a, req);
	else if (str_eq(path, STR("/stream")) && !head)
		reply_stream(a, req);
	else if (str_eq(path, STR("/")) || str_eq(path, STR("/healthz")))
		reply_text(req, 200, "mola agent "
		    MOLA_VERSION ": /metrics for Prometheus, /stream?period=100ms for Mola\n");
	else
		reply_text(req, 404, "there are /metrics and /stream?period=100ms\n");
}

/* ---- the process ---- */

static void
on_signal(void *arg, uint32_t events)
{
	struct agent *a = arg;

	(void)events;
	loop_stop(a->loop);
}

static void
signals_watch(struct agent *a)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	fd = must_fd(signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC), "no descriptor for signals");
	loop_watch(a->loop, &a->signals, fd, LOOP_LEVEL, on_signal, a);
}

static void
serve(struct agent *a, int listener)
{
	struct server_conf conf = { .connections_max = 2 * STREAMS_MAX };

	a->loop = loop_new();
	a->server = server_new(a->loop, &conf, on_request, a);
	server_listen(a->server, listener, NULL);
	buf_init(&a->block, TEXT_MAX);
	LIST_INIT(&a->streams);
	signals_watch(a);
	log_event(LOG_INFO, "agent.started", "listen", a->listen, "proc", a->proc, "cgroup",
	    a->cgroup, "version", MOLA_VERSION, NULL);
	loop_run(a->loop);
	log_event(LOG_INFO, "agent.ended", NULL);
	server_free(&a->server);
	close(a->signals.fd);
	loop_unwatch(a->loop, &a->signals);
	buf_fini(&a->block);
	loop_free(&a->loop);
}

static int
run(struct agent *a)
{
	const char *step;
	struct addr addr;
	int listener;

	if (addr_parse(str_of(a->listen), &addr) != NULL)
		return help_misuse("agent",
		    "--listen %s: expected an address such as 0.0.0.0:9101, :9101 or unix:/path",
		    a->listen);
	descriptors_raise();
	if ((a->procfs = procfs_new(a->proc, a->cgroup)) == NULL)
		return help_misuse("agent",
		    "--proc %s: expected a directory with a file stat that can be read (%s)",
		    a->proc, strerror(errno));
	if (sock_listen(&addr, false, &listener) != NULL) {
		fprintf(stderr, "mola agent: cannot listen on %s: %s\n", a->listen, strerror(errno));
		procfs_free(&a->procfs);
		return 1;
	}
	sink_unblock(STDERR_FILENO);
	log_setup("agent", LOG_INFO, false);
	if ((step = sandbox_read_only()) != NULL)
		log_event(LOG_WARN, "limits.failed", "step", step, NULL);
	serve(a, listener);
	procfs_free(&a->procfs);
	return 0;
}

/* --flag VALUE or --flag=VALUE. NULL: the last argument was the flag. */
static const char *
value_of(const char *arg, const char *flag, char ***argv)
{
	size_t n = strlen(flag);

	if (arg[n] == '=')
		return arg + n + 1;
	return *++*argv;
}

static bool
is_flag(const char *arg, const char *flag)
{
	size_t n = strlen(flag);

	return strncmp(arg, flag, n) == 0 && (arg[n] == '\0' || arg[n] == '=');
}

int
agent_main(int argc, char **argv)
{
	struct agent a = { .listen = "0.0.0.0:9101", .proc = "/proc", .cgroup = "/sys/fs/cgroup",
	    .period_usec = USEC_PER_SEC };
	const char *period = NULL;
	char problem[CONF_PROBLEM_MAX];
	const struct {
		const char	*name, *expected;
		const char	**value;
	} flags[] = {
#define FLAG_listen	"an address such as 0.0.0.0:9101", &a.listen
#define FLAG_period	"a duration from 100ms to 10s", &period
#define FLAG_proc	"a directory such as /proc", &a.proc
#define FLAG_cgroup	"a directory such as /sys/fs/cgroup", &a.cgroup
#define AGENT_OPTION(id, name, argument, help) { name, FLAG_##id },
#include "tbl/options.h"
	};
	const size_t nflags = sizeof flags / sizeof flags[0];

	(void)argc;
	while (*++argv != NULL) {
		const char *arg = *argv;
		size_t i = 0;
		if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0)
			return help_verb("agent");
		while (i < nflags && !is_flag(arg, flags[i].name))
			i++;
		if (i == nflags)
			return help_misuse("agent", "%s: expected --listen, --period, --proc or --cgroup", arg);
		*flags[i].value = value_of(arg, flags[i].name, &argv);
		if (*flags[i].value == NULL || **flags[i].value == '\0')
			return help_misuse("agent", "%s: expected %s", flags[i].name, flags[i].expected);
	}
	if (period != NULL && !value_read(&period_key, str_of(period), &a.period_usec, problem))
		return help_misuse("agent", "--period %s", problem);
	return run(&a);
}
