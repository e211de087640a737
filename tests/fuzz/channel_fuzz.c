/*
 * A message between the processes, of any size, with or without a descriptor: it is taken whole, or the channel is over, and no
 * descriptor is left open.
 */
#include <fcntl.h>
#include <string.h>

#include "main/channel.h"
#include "talk.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static unsigned whole, ends;

/* By its kind it comes with a descriptor, which is not there. */
static bool
lacks_fd(const uint8_t *bytes, int with)
{
	enum channel_kind kind;

	memcpy(&kind, bytes, sizeof kind);
	return with < 0 && (kind == CHANNEL_TABLE || kind == CHANNEL_SECRETS || kind == CHANNEL_CONF || kind == CHANNEL_LISTEN);
}

static void
on_message(void *arg, const struct channel_msg *m, int fd)
{
	(void)arg;
	whole += m != NULL;
	ends += m == NULL;
	ASSERT(m != NULL || fd < 0);
	if (fd >= 0)
		close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct loop *l;
	struct channel c = { .io = { .fd = -1 } };
	int pair[2], next, with = -1;
	bool sent;

	if (len == 0)
		return 0;
	l = loop_new();
	whole = ends = 0;
	ASSERT(channel_pair(pair));
	channel_open(&c, l, pair[0], on_message, NULL);
	if (bytes[0] & 1)
		with = open("/dev/null", O_RDONLY | O_CLOEXEC);
	sent = sock_send_fd(pair[1], bytes, len, with);
	talk_turn(l);
	if (sent)
		ASSERT(whole + ends == 1 &&
		    (whole == 1) == (len == sizeof(struct channel_msg) && !lacks_fd(bytes, with)));
	if (with >= 0)
		close(with);
	close(pair[1]);
	talk_turn(l);
	ASSERT(ends == 1);
	channel_close(&c);
	loop_free(&l);
	next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	ASSERT(next <= pair[0] || next <= pair[1]);		/* the lowest free one: nothing was left open */
	close(next);
	return 0;
}
