/*
 * `mola upgrade`: run by the new program, it reads the configuration as the new Mola would, finds
 * the one that runs by the admin socket, asks it to hand over, and waits until another process
 * listens there.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "conf/conf.h"
#include "main/verbs.h"
#include "net/sock.h"

#define CONF_DEFAULT	"/etc/mola/mola.yaml"
#define WAIT_USEC	(20 * USEC_PER_SEC)	/* more than the one that runs gives its successor */
#define LOOK_USEC	20000

enum {
#define UPGRADE_OPTION(id, ...) UPGRADE_##id,
#include "tbl/options.h"
	UPGRADE_OPTIONS
};
_Static_assert(UPGRADE_config == 0 && UPGRADE_OPTIONS == 1,
    "tbl/options.h: upgrade_main reads each option");

/* Who listens on the socket; -1: nobody. */
static pid_t
listener_of(const char *path)
{
	struct ucred who = { .pid = -1 };
	socklen_t len = sizeof who;
	char text[ADDR_TEXT_MAX + 8];
	struct addr a;
	int fd;

	snprintf(text, sizeof text, "unix:%s", path);
	if (addr_parse(str_of(text), &a) != NULL || sock_connect(&a, &fd) != NULL)
		return -1;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || who.pid <= 0)
		who.pid = -1;
	close(fd);
	return who.pid;
}

/* An older Mola would die of the signal: the kernel says whether the process reads it. */
static bool
can_upgrade(pid_t pid)
{
	unsigned long long blocked = 0;
	char path[64], line[256];
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	while (fgets(line, sizeof line, f) != NULL && sscanf(line, "SigBlk: %llx", &blocked) != 1)
		;
	fclose(f);
	return (blocked >> (SIGUSR2 - 1) & 1) != 0;
}

static int
upgrade(const char *path)
{
	int64_t until = clock_mono_usec() + WAIT_USEC;
	pid_t old = listener_of(path), now;
	int error = errno;

	if (old < 0) {
		fprintf(stderr, "mola upgrade: %s: %s; expected the admin socket of a Mola that runs\n", path,
		    strerror(error));
		return 1;
	}
	if (!can_upgrade(old)) {
		fprintf(stderr, "mola upgrade: process %d cannot hand over; it has to be restarted\n",
		    (int)old);
		return 1;
	}
	if (kill(old, SIGUSR2) != 0) {
		fprintf(stderr, "mola upgrade: process %d: %s\n", (int)old, strerror(errno));
		return 1;
	}
	do {
		usleep(LOOK_USEC);
		now = listener_of(path);
	} while ((now == old || (now < 0 && kill(old, 0) == 0)) && clock_mono_usec() < until);
	if (now > 0 && now != old) {
		printf("process %d serves in place of %d\n", (int)now, (int)old);
		return 0;
	}
	if (now < 0) {
		fprintf(stderr, "mola upgrade: nobody listens on %s any more; why, is in the log of "
		    "process %d\n", path, (int)old);
		return 1;
	}
	fprintf(stderr, "mola upgrade: process %d goes on as before; the reason is in its log: "
	    "upgrade.refused\n", (int)old);
	return 1;
}

int
upgrade_main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' }, { "help", no_argument, NULL, 'h' }, { 0 } };
	const char *file = CONF_DEFAULT;
	struct buf text, errors;
	struct conf *c;
	int opt, status = 1;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+c:h", options, NULL)) != -1) {
		if (opt == 'h')
			return help_verb("upgrade");
		if (opt != 'c')
			return help_misuse("upgrade", "expected -c FILE, not '%s'", argv[optind - 1]);
		file = optarg;
	}
	if (optind < argc)
		file = argv[optind++];
	if (optind != argc)
		return help_misuse("upgrade", "'%s' is too much: one file is enough", argv[optind]);
	c = conf_load(file, &text, &errors);
	fprintf(stderr, "%.*s", STR_ARG(buf_str(&errors)));
	if (c != NULL && c->admin_socket == NULL)
		fprintf(stderr, "mola upgrade: %s: expected admin: { socket: PATH }, by which the Mola "
		    "that runs is found\n", file);
	else if (c != NULL)
		status = upgrade(c->admin_socket);
	buf_fini(&text);
	buf_fini(&errors);
	if (c != NULL)
		conf_free(&c);
	return status;
}
