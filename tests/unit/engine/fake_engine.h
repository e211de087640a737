/*
 * fake_engine: a Docker Engine as a test wants it: what it answers, how often it was asked, and whether it is there
 * at all. On a unix socket, or on loopback.
 */
#ifndef TESTS_FAKE_ENGINE_H
#define TESTS_FAKE_ENGINE_H

#include "../until.h"
#include "base/alloc.h"
#include "http/server.h"

#define FAKE_PATHS	16

struct fake {
	struct loop	*loop;
	struct server	*server;	/* NULL: it is not there */
	char		 endpoint[160];
	char		 socket[108];	/* "" : TCP */
	struct addr	 at;
	char		 version[16];	/* of Api-Version, "" : no such field */
	unsigned	 least;		/* minor version that it takes */
	int		 pings, asked;
	char		 last[512];	/* path and query asked last, the version included */
	char		 posted[512];
	/* what it answers first, if it is set; false: it is not its */
	bool		(*hook)(struct fake *, struct request *, struct str path);
	void		*hook_arg;
	struct request	*events;
	int		 streams;	/* ever begun */
	struct request	*held[16];
	int		 nheld;
	struct {			/* what it answers to "/v1.41/…" */
		const char	*path;
		int		 status;
		char		*body;
		int		 asked;
	} answer[FAKE_PATHS];
};

static inline void
fake_say(struct fake *f, const char *path, int status, const char *body)
{
	int i = 0;

	while (i < FAKE_PATHS && f->answer[i].path != NULL && strcmp(f->answer[i].path, path) != 0)
		i++;
	assert_true(i < FAKE_PATHS);
	f->answer[i].path = path;
	f->answer[i].status = status;
	free(f->answer[i].body);
	f->answer[i].body = must_strdup(body);
}

static inline int
fake_asked(const struct fake *f, const char *path)
{
	for (int i = 0; i < FAKE_PATHS && f->answer[i].path != NULL; i++)
		if (strcmp(f->answer[i].path, path) == 0)
			return f->answer[i].asked;
	return 0;
}

static inline void
fake_events_gone(void *arg, struct request *x)
{
	struct fake *f = arg;

	if (f->events == x)
		f->events = NULL;
}

static inline void
fake_answer(void *arg, struct request *x)
{
	struct fake *f = arg;
	struct str path = request_path(x);
	char field[64], message[200];

	if (str_eq(path, STR("/_ping"))) {
		f->pings++;
		snprintf(field, sizeof field, "Api-Version: %s\r\n", f->version);
		request_reply(x, 200, "text/plain", STR("OK"), f->version[0] == '\0' ? NULL : field);
		return;
	}
	f->asked++;
	str_copy(f->last, sizeof f->last, request_head(x)->target);
	str_copy(f->posted, sizeof f->posted, request_body(x));
	if (str_starts(path, STR("/v1.")) && (unsigned)atoi(path.p + 4) < f->least) {
		snprintf(message, sizeof message, "{\"message\":\"client version 1.%d is too old. Minimum supported API version is 1.%u, please "
		    "upgrade your client to a newer version\"}", atoi(path.p + 4), f->least);
		request_reply(x, 400, "application/json", str_of(message), NULL);
		return;
	}
	if (str_starts(path, STR("/v1."))) {
		path.p += 4, path.len -= 4;
		while (path.len > 0 && *path.p != '/')
			path.p++, path.len--;
	}
	if (f->hook != NULL && f->hook(f, x, path))
		return;
	for (int i = 0; i < FAKE_PATHS && f->answer[i].path != NULL; i++)
		if (str_eq(path, str_of(f->answer[i].path))) {
			f->answer[i].asked++;
			if (f->answer[i].status == 0) {	/* it never answers */
				assert_true(f->nheld < 16);
				f->held[f->nheld++] = x;
				return;
			}
			request_reply(x, f->answer[i].status, "application/json", str_of(f->answer[i].body), NULL);
			return;
		}
	if (str_eq(path, STR("/events"))) {
		f->events = x;
		f->streams++;
		request_stream(x, "application/json", NULL, fake_events_gone, f);
	} else
		request_reply(x, 404, "application/json", STR("{\"message\":\"page not found\"}"), NULL);
}

/* It comes up, or up again, where it was. */
static inline void
fake_up(struct fake *f)
{
	int fd;

	assert_null(f->server);
	f->server = server_new(f->loop, NULL, fake_answer, f);
	assert_null(sock_listen(&f->at, false, &fd));
	server_listen(f->server, fd, NULL);
	if (f->socket[0] == '\0') {
		f->at.len = sizeof f->at.sa;
		assert_int_equal(getsockname(fd, &f->at.sa.any, &f->at.len), 0);
	}
}

static inline void
fake_down(struct fake *f)
{
	server_free(&f->server);
	f->events = NULL;
	if (f->socket[0] != '\0')
		unlink(f->socket);
}

static inline struct fake *
fake_new(struct loop *l, bool tcp)
{
	static int n;
	struct fake *f = must_zalloc(sizeof *f);
	char text[200];

	f->loop = l;
	snprintf(f->version, sizeof f->version, "1.41");
	if (tcp)
		assert_null(addr_parse(STR("127.0.0.1:0"), &f->at));
	else {
		snprintf(f->socket, sizeof f->socket, "/tmp/mola-engine-%d-%d.sock", (int)getpid(), n++);
		snprintf(text, sizeof text, "unix:%s", f->socket);
		assert_null(addr_parse(str_of(text), &f->at));
	}
	fake_up(f);
	if (tcp)
		snprintf(f->endpoint, sizeof f->endpoint, "tcp://%s", addr_text(&f->at, text));
	else
		snprintf(f->endpoint, sizeof f->endpoint, "unix://%s", f->socket);
	return f;
}

static inline void
fake_free(struct fake *f)
{
	fake_down(f);
	while (f->nheld > 0)
		request_reply(f->held[--f->nheld], 200, NULL, STR(""), NULL);
	for (int i = 0; i < FAKE_PATHS; i++)
		free(f->answer[i].body);
	free(f);
}

#endif
