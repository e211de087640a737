/*
 * SIGHUP: the file is read again. What is wrong in it leaves everything as it was; what is right
 * reaches listeners, workers and brain without a connection lost.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "conf/conf_value.h"
#include "main/memfile.h"
#include "main/parent_priv.h"
#include "main/reload.h"
#include "main/watchdog.h"
#include "main/worker.h"

static void
reload_listeners(struct parent *p, const struct conf *next)
{
	struct channel_msg m = { .kind = CHANNEL_LISTEN };

	for (unsigned i = 0; i < next->nlisten; i++) {
		struct listen_set *l;
		if (listeners_find(&p->listeners, &next->listen[i].addr) != NULL ||
		    !parent_may_listen(p, &next->listen[i]) ||
		    !parent_open_listener(p, &next->listen[i].addr))
			continue;
		l = &p->listeners.one[p->listeners.count - 1];
		ASSERT(addr_eq(&l->addr, &next->listen[i].addr));
		m.addr = l->addr;
		for (unsigned w = 0; w < p->nworkers; w++)
			if (p->worker[w].pid != 0 && !channel_send(&p->worker[w].channel, &m, l->fd[w]))
				kill(p->worker[w].pid, SIGKILL);
	}
	watchdog_listen(p);
	m.kind = CHANNEL_UNLISTEN;
	for (unsigned i = p->listeners.count; i-- > 0;) {
		bool kept = false;
		for (unsigned k = 0; k < next->nlisten; k++)
			kept |= addr_eq(&next->listen[k].addr, &p->listeners.one[i].addr);
		if (kept)
			continue;
		m.addr = p->listeners.one[i].addr;
		parent_send_workers(p, &m, -1);
		listeners_remove(&p->listeners, i);
	}
}

/* The others of the section are for the brain that is running. */
static bool
same_admin(const struct conf *a, const struct conf *b)
{
	return value_same(&conf_keys[KEY_ADMIN_address], a, b) &&
	    value_same(&conf_keys[KEY_ADMIN_socket], a, b) &&
	    value_same(&conf_keys[KEY_ADMIN_group], a, b);
}

/* Other admin addresses, or no descriptor for the text: the brain is started again, with the
 * configuration in force, as after any other end. */
static void
reload_brain(struct parent *p, struct str text, bool admin_changed)
{
	struct channel_msg m = { .kind = CHANNEL_CONF };
	int fd;

	if (admin_changed) {
		parent_close_admin(p);
		p->admin_due = true;			/* the brain has the old ones open until it is gone */
		if (p->brain.pid != 0)
			child_dismiss(&p->brain);
		return;
	}
	if (p->brain.pid == 0)		/* the next one begins with it */
		return;
	if ((fd = memfile_seal(text)) < 0) {
		log_event(LOG_ERROR, "reload.unsent", "error", strerror(errno), "text",
		    "the brain is started again with the new configuration", NULL);
		child_dismiss(&p->brain);
		return;
	}
	if (!channel_send(&p->brain.channel, &m, fd))
		kill(p->brain.pid, SIGKILL);
	close(fd);
}

static void
log_errors(const struct buf *errors)
{
	struct str rest = buf_str(errors), line;
	char text[512];

	while (str_split(&rest, '\n', &line))
		if (line.len > 0) {
			str_copy(text, sizeof text, line);
			log_event(LOG_ERROR, "config.wrong", "where", text, NULL);
		}
}

/* `next` takes the place of the configuration in force. */
static void
reload_take(struct parent *p, struct conf *next, struct str text)
{
	struct channel_msg m = { .kind = CHANNEL_LIMITS };
	bool admin_changed = !same_admin(p->conf, next);

	ASSERT(next != p->conf && !p->stopping);
	if (admin_changed && p->admin_unix >= 0)
		unlink(p->conf->admin_socket);
	if (next->workers != p->nworkers)
		log_event(LOG_WARN, "reload.later", "key", "workers", "takes_effect", "at the next start", NULL);
	conf_free(&p->conf);
	p->conf = next;
	log_setup("parent", next->log_level, next->log_json);
	worker_limits(next, &m.limits);
	parent_send_workers(p, &m, -1);
	/* after the limits: trusted networks are known before a client connects */
	reload_listeners(p, next);
	reload_brain(p, text, admin_changed);
	log_event(LOG_INFO, "reload.done", "file", next->file, NULL);
}

void
reload_run(struct parent *p)
{
	struct buf text, errors;
	struct conf *next = conf_load(p->conf->file, &text, &errors);

	live_set_conf(p->live, (struct live_conf){ clock_wall_usec(), next != NULL });
	if (next != NULL)
		reload_take(p, next, buf_str(&text));
	else {
		log_errors(&errors);
		log_event(LOG_ERROR, "reload.refused", "file", p->conf->file, "kept",
		    "the configuration in force", NULL);
	}
	buf_fini(&text);
	buf_fini(&errors);
}
