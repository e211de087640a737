/*
 * replay: `mola replay FILE`: a recorded period once more, with the policies as recorded and with
 * others. Needs no running Mola, and no network.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/bug.h"
#include "base/log.h"
#include "cli/cli.h"
#include "main/replay_print.h"
#include "main/verbs.h"

#define SEED		1	/* the same file gives the same figures */
#define RUNS_MOST	8
#define PICKS_ENOUGH	200000	/* requests of all runs together */

enum replay_option {
#define REPLAY_OPTION(id, ...)	REPLAY_##id,
#include "tbl/options.h"
};

/* False: what is wrong was printed. */
static bool
file_read(const char *name, struct buf *out)
{
	FILE *f = strcmp(name, "-") == 0 ? stdin : fopen(name, "r");
	char piece[65536];
	size_t n;
	bool ok = f != NULL;

	while (ok && (n = fread(piece, 1, sizeof piece, f)) > 0)
		if (!buf_add(out, piece, n)) {
			fprintf(stderr, "mola replay: %s: has more than %u MiB\n", name, RECORDING_BYTES_MAX >> 20);
			fclose(f);
			return false;
		}
	ok = ok && !ferror(f);
	if (!ok)
		fprintf(stderr, "mola replay: %s: %s\n", name, strerror(errno));
	if (f != NULL && f != stdin)
		fclose(f);
	return ok;
}

/* Of a short recording, several runs: chance makes shares of some hundred requests differ. */
static struct replay *
replay_often(const struct recording *r, const struct load *load, int policy)
{
	struct replay *all = replay_run(r, load, policy, SEED), *one;

	for (unsigned i = 1; all != NULL && i < RUNS_MOST && (i + 1) * r->picks <= PICKS_ENOUGH; i++) {
		one = replay_run(r, load, policy, SEED + i);
		replay_add(all, one);
		replay_free(&one);
	}
	return all;
}

static bool
runs_make(struct replay_runs *rs)
{
	struct load *load = load_new(rs->recording, SEED);
	bool ok = true;

	rs->run[0].replay = replay_recorded(load);
	for (unsigned i = 1; i < rs->n && ok; i++) {
		rs->run[i].replay = replay_often(rs->recording, load, rs->run[i].policy);
		ok = rs->run[i].replay != NULL;
	}
	if (!ok)
		fprintf(stderr, "mola replay: what was recorded does not fit into a routing table\n");
	load_free(&load);
	return ok;
}

static int
replay(const char *name, struct replay_runs *rs, bool json)
{
	char error[READER_ERROR_MAX];
	struct recording *r = NULL;
	struct buf text;
	bool ok;

	buf_init(&text, RECORDING_BYTES_MAX);
	ok = file_read(name, &text);
	if (ok && (r = reader_read(buf_str(&text), error)) == NULL) {
		fprintf(stderr, "mola replay: %s: %s\n", name, error);
		ok = false;
	}
	buf_fini(&text);
	rs->recording = r;
	ok = ok && runs_make(rs);
	if (ok && json)
		replay_print_json(rs);
	else if (ok)
		replay_print(rs);
	for (unsigned i = 0; i < rs->n; i++)
		replay_free(&rs->run[i].replay);
	recording_free(&r);
	return ok ? 0 : 1;
}

static bool
policy_add(struct replay_runs *rs, const char *word)
{
	enum policy p;

	if (rs->n == REPLAY_RUNS_MAX || !policy_parse(str_of(word), &p))
		return false;
	rs->run[rs->n].name = policy_name(p);
	rs->run[rs->n++].policy = (int)p;
	return true;
}

/* False: its value is none. */
static bool
option_take(enum replay_option option, struct replay_runs *rs, bool *json)
{
	switch (option) {
	case REPLAY_policy:
		return policy_add(rs, optarg);
	case REPLAY_json:
		return *json = true;
	}
	BUG("an option without its case");
}

int
replay_main(int argc, char **argv)
{
#define REPLAY_OPTION(id, name, argument, help) \
	{ &(name)[2], sizeof(argument) > 1 ? required_argument : no_argument, NULL, REPLAY_##id },
	static const struct option options[] = {
#include "tbl/options.h"
		{ "help", no_argument, NULL, 'h' }, { 0 } };
	struct replay_runs rs = { .n = 2, .run = { { "recorded", REPLAY_AS_RECORDED, NULL },
	    { "replayed", REPLAY_AS_RECORDED, NULL } } };
	bool json = false;
	int opt;

	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt == 'h')
			return help_verb("replay");
		if (opt == '?')
			return help_misuse("replay", "expected one file");
		if (!option_take((enum replay_option)opt, &rs, &json))
			return help_misuse("replay", "--policy expects one of marginal, least-conn, "
			    "round-robin, random-two and best-node, and may be given four times");
	}
	if (optind != argc - 1)
		return help_misuse("replay", "expected one file");
	if (rs.n == 2) {
		policy_add(&rs, "least-conn");
		policy_add(&rs, "round-robin");
		policy_add(&rs, "best-node");
	}
	log_setup("replay", LOG_ERROR, false);
	return replay(argv[optind], &rs, json);
}
