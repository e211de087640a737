/*
 * Clients of the admin interface, all of them from elsewhere: what they send, in parts with a line of "----" between them. Without
 * the token, none reads what is not for everyone, and none changes anything.
 */
#include "admin/admin.h"
#include "base/alloc.h"
#include "talk.h"
#include "world/live.h"
#include "world/phys.h"

#define TOKEN	"token-of-the-fuzzer"
#define NODE	"node-that-is-hidden"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static bool knows_token;
static struct admin *admin;		/* a leak for nobody */

static uint64_t
on_drain(void *arg, struct world_node *n, bool drained)
{
	ASSERT(knows_token);
	world_drain(arg, n, drained);
	return 1;
}

/* Nobody knows the password. */
static const char yaml[] = "listen: 127.0.0.1:1\n"
    "nodes: [ { name: " NODE " } ]\n"
    "admin: { hosts: [ a.org ], users: 'u:{SHA}AAAAAAAAAAAAAAAAAAAAAAAAAAA=', tokens: [ { name: t, token: " TOKEN ", scopes: [ read, write ] } ] }\n";

static struct loop *
stage(struct addr *at)
{
	struct loop *l = loop_new();
	struct buf errors;
	struct conf *c;
	struct live *live;
	struct world *w;

	buf_init(&errors, 4096);
	c = conf_parse(STR(yaml), "m", &errors);
	ASSERT(c != NULL);
	live = live_init(must_zalloc(live_bytes()), 1);
	live_started(live, 0, getpid());
	live_set_table(live, 0, 1);
	w = world_new(live, phys_init(must_zalloc(phys_bytes())));
	world_pass_begin(w);
	world_pass_node(w, &(struct world_node){ .name = (char *)(uintptr_t)NODE });
	world_pass_end(w);
	/* for this interface it is TCP: the peer is none of loopback's */
	admin = admin_new(l, &(struct admin_conf){ .conf = c, .world = w, .events = events_new(), .tcp_fd = talk_listen("admin", at), .unix_fd = -1,
	    .drain_node = on_drain, .arg = w });
	return l;
}

/* Metrics are for everyone, and have names. */
static void
hear(int fd, bool open)
{
	static char said[1 << 20];
	size_t len = 0;
	ssize_t n;

	while (len < sizeof said && (n = recv(fd, said + len, sizeof said - len, MSG_DONTWAIT)) > 0)
		len += (size_t)n;
	ASSERT(open || memmem(said, len, NODE, sizeof NODE - 1) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static struct loop *l;
	static struct addr at;
	struct str rest = { (const char *)bytes, len }, part;
	bool open;
	int fd;

	if (l == NULL)
		l = stage(&at);
	ASSERT(admin != NULL);
	knows_token = memmem(bytes, len, TOKEN, sizeof TOKEN - 1) != NULL;
	open = knows_token || memmem(bytes, len, "metrics", 7) != NULL || memmem(bytes, len, NODE, sizeof NODE - 1) != NULL;
	fd = talk_dial(&at);
	while (talk_part(&rest, &part)) {
		talk_say(l, fd, part);
		hear(fd, open);
	}
	shutdown(fd, SHUT_WR);
	talk_turn(l);
	hear(fd, open);
	close(fd);
	talk_turn(l);
	return 0;
}
