/*
 * SIGHUP: the file is read again. What is wrong in it leaves everything as it was; what is right
 * reaches the brain first. Workers get it together with the secrets that the brain has for it: a
 * listener with TLS has its certificates from its first client on, and none is taken from one
 * that goes.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/clock.h"
#include "conf/conf_value.h"
#include "main/beat.h"
#include "main/memfile.h"
#include "main/notify.h"
#include "main/parent_priv.h"
#include "main/reload.h"
#include "main/upgrade.h"
#include "main/watchdog.h"
#include "main/worker.h"

#define READY_USEC	(3 * USEC_PER_SEC)	/* that workers wait for a brain that hangs */

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

/* Other admin addresses, or one that could not be had before, or no descriptor for the text: the
 * brain is started again, with the configuration in force, as after any other end. */
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
	if (channel_send(&p->brain.channel, &m, fd))
		p->unready++;
	else
		kill(p->brain.pid, SIGKILL);
	close(fd);
}

/* ---- workers ---- */

void
reload_forget(struct parent *p)
{
	p->reloading = false;
	timer_clear(p->loop, &p->reload_late);
	if (p->next_secrets >= 0)
		close(p->next_secrets);
	p->next_secrets = -1;
}

/* Limits come before listeners: trusted networks are known before a client connects. */
static void
reload_finish(struct parent *p)
{
	struct channel_msg m = { .kind = CHANNEL_LIMITS };
	bool secrets = p->next_secrets >= 0;

	ASSERT(p->reloading && !p->stopping);
	worker_limits(p->conf, &p->limits);
	m.limits = p->limits;
	if (secrets) {
		m.kind = CHANNEL_LIMITS_SECRETS;
		close(p->secrets);
		p->secrets = p->next_secrets;
		p->next_secrets = -1;
	}
	parent_send_workers(p, &m, secrets ? p->secrets : -1);
	reload_listeners(p, p->conf);
	reload_forget(p);
	log_event(LOG_INFO, "reload.done", "file", p->conf->file, NULL);
	notify_ready();
	upgrade_reloaded(p);
}

static void
on_late(void *arg)
{
	struct parent *p = arg;

	log_event(LOG_WARN, "reload.late", "text", "the brain does not respond; workers take the "
	    "configuration with the certificates that they have", NULL);
	reload_finish(p);
}

void
reload_ready(struct parent *p)
{
	if (p->unready > 0)
		p->unready--;
	if (p->unready == 0 && p->reloading)
		reload_finish(p);
}

bool
reload_keeps(struct parent *p, int fd)
{
	ASSERT(fd >= 0);
	if (!p->reloading || p->secrets < 0)
		return false;
	if (p->next_secrets >= 0)
		close(p->next_secrets);
	p->next_secrets = fd;
	return true;
}

/* ---- the file ---- */

/* Or warnings, of a file that is good. */
static void
log_errors(const struct buf *errors, bool good)
{
	struct str rest = buf_str(errors), line;
	char text[512];

	while (str_split(&rest, '\n', &line))
		if (line.len > 0) {
			str_copy(text, sizeof text, line);
			log_event(good ? LOG_WARN : LOG_ERROR, good ? "config.doubtful" : "config.wrong",
			    "where", text, NULL);
		}
}

/* `next` takes the place of the configuration in force. */
static void
reload_take(struct parent *p, struct conf *next, struct str text)
{
	bool admin_changed = !same_admin(p->conf, next) || p->admin_due;

	ASSERT(next != p->conf && !p->stopping);
	if (admin_changed && p->admin_unix >= 0)
		unlink(p->conf->admin_socket);
	if (next->workers != p->nworkers)
		log_event(LOG_WARN, "reload.later", "key", "workers", "takes_effect", "at the next start", NULL);
	conf_free(&p->conf);
	p->conf = next;
	log_setup("parent", next->log_level, next->log_json);
	p->reloading = true;
	timer_set(p->loop, &p->reload_late, loop_now(p->loop) + READY_USEC, on_late, p);
	reload_brain(p, text, admin_changed);
}

/* The file may have been renamed, whatever there is to say of the configuration. */
static void
reload_access(struct parent *p)
{
	struct channel_msg m = { .kind = CHANNEL_ACCESS };
	bool had = p->access >= 0;

	if (parent_open_access(p) && (had || p->access >= 0))
		parent_send_workers(p, &m, p->access >= 0 ? p->access : STDOUT_FILENO);
}

void
reload_run(struct parent *p)
{
	struct buf text, errors;
	struct conf *next;

	notify_reloading();
	beat_report(p->live, LIVE_PARENT);	/* reading needs more memory than anything else here */
	next = conf_load(p->conf->file, &text, &errors);
	live_set_conf(p->live, (struct live_conf){ clock_wall_usec(), next != NULL });
	log_errors(&errors, next != NULL);
	if (next != NULL)
		reload_take(p, next, buf_str(&text));
	else {
		log_event(LOG_ERROR, "reload.refused", "file", p->conf->file, "kept",
		    "the configuration in force", NULL);
		notify_ready();
	}
	reload_access(p);
	buf_fini(&text);
	buf_fini(&errors);
}
