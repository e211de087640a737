/*
 * withdraw: `mola targets withdraw --config FILE NAME`: removes what a target has written
 * where no Mola runs any more: only that target is opened, withdraws, and is waited for. For
 * everything else `mola targets` sends requests to a running Mola.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/clock.h"
#include "base/log.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "main/verbs.h"
#include "net/fetch.h"
#include "net/loop.h"
#include "targets/target.h"

#define TICK_USEC	(50 * USEC_PER_MSEC)
#define WAIT_USEC	(20 * USEC_PER_SEC)

struct withdrawal {
	struct loop	*loop;
	struct targets	*targets;
	const char	*name;
	struct timer	 tick;
	int64_t		 until_usec;
	int		 status;		/* -1: it is not over */
};

static void
on_tick(void *arg)
{
	struct withdrawal *w = arg;
	const struct why *why;
	const char *detail;

	ASSERT(w->status < 0);
	targets_tick(w->targets, loop_now(w->loop), false);
	if (targets_is_withdrawn(w->targets, w->name, &why, &detail)) {
		if (why != NULL)
			fprintf(stderr, "mola targets: %s: %s%s%s\n", w->name, why->text,
			    *detail == '\0' ? "" : ": ", detail);
		w->status = why == NULL ? 0 : 1;
		loop_stop(w->loop);
	} else if (loop_now(w->loop) > w->until_usec) {
		fprintf(stderr, "mola targets: %s: no response in %lld s\n", w->name,
		    (long long)(WAIT_USEC / USEC_PER_SEC));
		w->status = 1;
		loop_stop(w->loop);
	} else
		timer_set(w->loop, &w->tick, loop_now(w->loop) + TICK_USEC, on_tick, w);
}

static void
does_print(json_t *done, bool dry)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(done, "does"), i, one)
		printf("%s%s\n", dry ? "would " : "", json_string_value(one));
	json_decref(done);
}

/* Of the target alone: the others' sockets and files are not touched. */
static int
withdraw_run(struct conf *c, const char *name, bool dry)
{
	struct withdrawal w = { .loop = loop_new(), .name = name, .status = -1 };
	struct fetcher *f = fetcher_new(w.loop);
	const char *offline;

	w.targets = targets_new(w.loop, f, NULL);
	targets_reconf(w.targets, c);
	if ((offline = targets_online_only(w.targets, name)) != NULL) {
		fprintf(stderr, "mola targets: %s: only a running Mola can do that: %s\n", name, offline);
		w.status = 1;
	} else {
		does_print(targets_withdraw(w.targets, name, dry), dry);
		w.until_usec = loop_now(w.loop) + WAIT_USEC;
		if (dry)
			w.status = 0;
		else
			timer_set(w.loop, &w.tick, loop_now(w.loop), on_tick, &w);
	}
	if (w.status < 0)
		loop_run(w.loop);
	targets_free(&w.targets);
	fetcher_free(&f);
	loop_free(&w.loop);
	return w.status;
}

static int
withdraw_by_file(const char *file, const char *name, bool dry)
{
	struct buf text, errors;
	struct conf *c = conf_load(file, &text, &errors);
	unsigned at = 0;
	int status = 1;

	if (c == NULL)
		fwrite(errors.p, 1, errors.len, stderr);
	while (c != NULL && at < c->ntargets && strcmp(c->target[at].name, name) != 0)
		at++;
	if (c != NULL && at == c->ntargets)
		fprintf(stderr, "mola targets: %s: there is no target '%s' in it\n", file, name);
	else if (c != NULL) {
		struct conf_target first = c->target[0];
		unsigned all = c->ntargets;
		c->target[0] = c->target[at];
		c->target[at] = first;
		c->ntargets = 1;
		status = withdraw_run(c, name, dry);
		c->ntargets = all;
	}
	buf_fini(&text);
	buf_fini(&errors);
	if (c != NULL)
		conf_free(&c);
	return status;
}

int
targets_verb(int argc, char **argv)
{
	const char *file = NULL, *word[2] = { NULL, NULL };
	bool dry = false, more = false;
	unsigned n = 0;

	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			file = argv[++i];
		else if (strncmp(argv[i], "--config=", 9) == 0)
			file = argv[i] + 9;
		else if (strcmp(argv[i], "--dry-run") == 0)
			dry = true;
		else if (argv[i][0] == '-' || n == 2)
			more = true;
		else
			word[n++] = argv[i];
	if (file == NULL)
		return targets_main(argc, argv);
	if (more || n != 2 || strcmp(word[0], "withdraw") != 0)
		return help_misuse("targets", "with --config, expected withdraw NAME");
	log_setup("targets", LOG_ERROR, false);
	return withdraw_by_file(file, word[1], dry);
}
