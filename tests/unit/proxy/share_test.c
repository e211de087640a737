/*
 * Large responses to many clients: what one turn of the loop moves is bounded, and nobody is forgotten who had to wait.
 */
#include "stage.h"

#define MANY	12
#define LENGTH	(3u << 20)
#define TURN	(2 * 512u << 10)	/* what share.c gives for one, twice: what the kernel delivers late counts for the next */
#define LEFT	(32u << 10)		/* of a page that was read before, and the page that exceeds the share */

static int	client[MANY], task[MANY];
static size_t	sent[MANY], got[MANY];

/* The tasks send what goes at once. */
static void
tasks_send(void)
{
	static const char zeros[65536];
	ssize_t n;

	for (int i = 0; i < MANY; i++)
		while (sent[i] < LENGTH
		    && (n = send(task[i], zeros, LENGTH - sent[i] < sizeof zeros ? LENGTH - sent[i] : sizeof zeros, MSG_NOSIGNAL)) > 0)
			sent[i] += (size_t)n;
}

/* The clients take what is there; returns how much that was. */
static size_t
clients_take(void)
{
	char waste[65536];
	size_t sum = 0;
	ssize_t n;

	for (int i = 0; i < MANY; i++)
		while ((n = recv(client[i], waste, sizeof waste, 0)) > 0) {
			got[i] += (size_t)n;
			sum += (size_t)n;
		}
	return sum;
}

static bool
all_have(size_t bytes)
{
	for (int i = 0; i < MANY; i++)
		if (got[i] < bytes)
			return false;
	return true;
}

static void
test_a_turn_is_bounded(void **state)
{
	char head[128];
	size_t most = 0, n;

	(void)state;
	stage_open(1);
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", LENGTH);
	for (int i = 0; i < MANY; i++) {
		client[i] = dial();
		say(client[i], GET("/"));
		task[i] = answer_call(0);
		hear(task[i], GOT("/"));
		say(task[i], head);
		hear(client[i], head);
		sent[i] = got[i] = 0;
	}
	while (!all_have(LENGTH / 3)) {		/* until windows are wide */
		tasks_send();
		stage_turn();
		clients_take();
	}
	WAIT_UNTIL((tasks_send(), n = clients_take(), most = n > most ? n : most, all_have(LENGTH)));
	if (most > TURN + MANY * LEFT)
		fail_msg("%zu bytes in one turn", most);
	WAIT_UNTIL(inflight() == 0);
	assert_int_equal(whys(WHY_COMPLETE), MANY);
	for (int i = 0; i < MANY; i++) {
		close(client[i]);
		close(task[i]);
	}
	stage_close();
}

/* A client that leaves while it waits for its share leaves nothing behind. */
static void
test_who_waits_may_leave(void **state)
{
	char head[128];

	(void)state;
	stage_open(1);
	snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %u\r\n\r\n", LENGTH);
	for (int i = 0; i < MANY; i++) {
		client[i] = dial();
		say(client[i], GET("/"));
		task[i] = answer_call(0);
		hear(task[i], GOT("/"));
		say(task[i], head);
		hear(client[i], head);
		sent[i] = got[i] = 0;
	}
	WAIT_UNTIL((tasks_send(), clients_take(), all_have(LENGTH / 3)));
	for (int i = 0; i < MANY; i += 2)
		hang_up(client[i]);
	WAIT_UNTIL(inflight() <= MANY / 2);	/* those that stay may be served meanwhile */
	for (int i = 0; i < MANY; i += 2) {
		close(task[i]);
		got[i] = sent[i] = LENGTH;
	}
	WAIT_UNTIL((tasks_send(), clients_take(), all_have(LENGTH)));
	for (int i = 1; i < MANY; i += 2) {
		close(client[i]);
		close(task[i]);
	}
	stage_close();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_turn_is_bounded),
		cmocka_unit_test(test_who_waits_may_leave),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
