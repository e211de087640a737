/*
 * promliar: a Prometheus, as far as POST /api/v1/query goes, that says what it is told to.   promliar ADDRESS:PORT FOLDER
 *   FOLDER/truth   a line for each node: INSTANCE CPU RAM AGE (percent, percent, seconds)
 *   FOLDER/lie     how to tell it; absent or empty: honestly. Words, some with a number:
 *     skew S   its clock is ahead by S seconds        frozen   its clock stands still since the lie began
 *     old S    samples are older by S                 future S they are from the future
 *     half     every second node is missing           empty    all are
 *     nan      values are NaN                         twice    every node twice, by two jobs
 *     strange  of nodes that nobody knows             percent S  CPU and RAM are S times what they are
 *     warn     with a warning                         slow S   answers after S seconds
 *     mute     never                                  html     answers with a page
 *     cut      with half an answer                    refuse   503    denied   401    fault   400, the query's
 *     matrix   with another type
 *   FOLDER/who     is written: the Authorization field of the last request
 * Says "ready" when it listens. One process per connection.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static const char *folder;
static char request[65536], answer[65536], lie[256];

static void
die(const char *what)
{
	fprintf(stderr, "promliar: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static FILE *
open_in(const char *name, const char *mode)
{
	char path[512];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return fopen(path, mode);
}

static void
read_lie(void)
{
	FILE *f = open_in("lie", "r");

	lie[0] = '\0';
	if (f != NULL) {
		lie[fread(lie, 1, sizeof lie - 1, f)] = '\0';
		fclose(f);
	}
}

/* Whether the lie has this word; its number. */
static bool
lies(const char *word, double *number)
{
	size_t n = strlen(word);

	for (char *p = lie; (p = strstr(p, word)) != NULL; p++)
		if ((p == lie || p[-1] == ' ') && (p[n] == ' ' || p[n] == '\n' || p[n] == '\0')) {
			if (number != NULL)
				*number = strtod(p + n, NULL);
			return true;
		}
	return false;
}

static double
lie_began(void)
{
	char path[512];
	struct stat st;

	snprintf(path, sizeof path, "%s/lie", folder);
	return stat(path, &st) == 0 ? (double)st.st_mtim.tv_sec : now();
}

static void
say(int fd, int status, const char *body)
{
	char head[256];

	snprintf(head, sizeof head, "HTTP/1.1 %d x\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status, strlen(body));
	if (write(fd, head, strlen(head)) < 0 || write(fd, body, strlen(body)) < 0)
		exit(0);
}

/* --- the questions, by what stands in them --- */

enum question { AGE, CPU, RAM, CORES, MEMORY, RUNNING, OTHER };

static enum question
question_of(const char *body)
{
	return strstr(body, "timestamp") != NULL ? AGE : strstr(body, "MemAvailable") != NULL ? RAM :
	    strstr(body, "MemTotal") != NULL ? MEMORY : strstr(body, "procs_running") != NULL ? RUNNING :
	    strstr(body, "count") != NULL ? CORES : strstr(body, "rate") != NULL ? CPU : OTHER;
}

static double
value_of(enum question q, double cpu, double ram, double age)
{
	double x = 1;

	switch (q) {
	case AGE:
		if (lies("old", &x))
			age += x;
		return lies("future", &x) ? -x : age;
	case CPU:
	case RAM:
		lies("percent", &x);
		return x * (q == CPU ? cpu : ram);
	case CORES:
		return 4;
	case MEMORY:
		return 8e9;
	default:
		return 1;
	}
}

static size_t
add_series(char *out, size_t cap, bool first, const char *instance, const char *job, double at, double value)
{
	char number[64];

	snprintf(number, sizeof number, "%.6f", value);
	return (size_t)snprintf(out, cap, "%s{\"metric\":{\"instance\":\"%s\",\"job\":\"%s\"},\"value\":[%.3f,\"%s\"]}", first ? "" : ",",
	    lies("strange", NULL) ? "192.0.2.1:9100" : instance, job, at, lies("nan", NULL) ? "NaN" : number);
}

static void
answer_make(enum question q, double at)
{
	FILE *f = open_in("truth", "r");
	double cpu, ram, age, value;
	char instance[128];
	size_t n;
	int i = 0;

	n = (size_t)snprintf(answer, sizeof answer, "{\"status\":\"success\",%s\"data\":{\"resultType\":\"%s\",\"result\":[",
	    lies("warn", NULL) ? "\"warnings\":[\"a store did not answer\"]," : "", lies("matrix", NULL) ? "matrix" : "vector");
	while (f != NULL && fscanf(f, "%127s %lf %lf %lf", instance, &cpu, &ram, &age) == 4) {
		if (lies("empty", NULL) || (lies("half", NULL) && i++ % 2 == 1))
			continue;
		value = value_of(q, cpu, ram, age);
		n += add_series(answer + n, sizeof answer - n, answer[n - 1] == '[', instance, "node", at, value);
		if (lies("twice", NULL))
			n += add_series(answer + n, sizeof answer - n, false, instance, "again", at, value + 1);
	}
	if (f != NULL)
		fclose(f);
	snprintf(answer + n, sizeof answer - n, "]}}");
	if (lies("cut", NULL))
		answer[strlen(answer) / 2] = '\0';
}

static void
answer_one(int fd, const char *body)
{
	double at = now(), seconds;

	read_lie();
	if (lies("mute", NULL))
		pause();
	if (lies("slow", &seconds))
		usleep((useconds_t)(seconds * 1e6));
	if (lies("html", NULL))
		say(fd, 200, "<html>Welcome</html>");
	else if (lies("refuse", NULL))
		say(fd, 503, "{\"status\":\"error\",\"errorType\":\"unavailable\",\"error\":\"not ready\"}");
	else if (lies("denied", NULL))
		say(fd, 401, "Unauthorized\n");
	else if (lies("fault", NULL))
		say(fd, 400, "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"parse error: unexpected end\"}");
	else {
		if (lies("frozen", NULL))
			at = lie_began();
		if (lies("skew", &seconds))
			at += seconds;
		answer_make(question_of(body), at);
		say(fd, 200, answer);
	}
}

/* A head and as much body as it announces. False: the client is gone. */
static bool
hear(int fd, char **body)
{
	size_t n = 0, want = sizeof request;
	char *end, *field;
	ssize_t got;

	*body = NULL;
	while (*body == NULL || n < want) {
		if (n + 1 >= sizeof request || (got = read(fd, request + n, sizeof request - 1 - n)) <= 0)
			return false;
		n += (size_t)got;
		request[n] = '\0';
		if (*body == NULL && (end = strstr(request, "\r\n\r\n")) != NULL) {
			*body = end + 4;
			field = strcasestr(request, "\r\nContent-Length:");
			want = (size_t)(*body - request) + (field == NULL ? 0 : strtoul(field + 17, NULL, 10));
		}
	}
	return true;
}

static void
note_who(void)
{
	const char *field = strcasestr(request, "\r\nAuthorization: ");
	char whole[512], part[540];
	FILE *f;

	snprintf(whole, sizeof whole, "%s/who", folder);
	snprintf(part, sizeof part, "%s.%d", whole, (int)getpid());
	if ((f = fopen(part, "w")) == NULL)
		return;
	if (field != NULL)
		fprintf(f, "%.*s\n", (int)strcspn(field + 17, "\r"), field + 17);
	fclose(f);
	rename(part, whole);		/* its readers never see half of it */
}

static void
serve(int fd)
{
	char *body;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (hear(fd, &body)) {
		note_who();
		answer_one(fd, body);
	}
	exit(0);
}

int
main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char host[64];
	unsigned port;
	int door, fd, on = 1;

	if (argc != 3 || sscanf(argv[1], "%63[0-9.]:%u", host, &port) != 2 || inet_pton(AF_INET, host, &a.sin_addr) != 1)
		return 2;
	folder = argv[2];
	a.sin_port = htons((uint16_t)port);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	door = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(door, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (bind(door, (struct sockaddr *)&a, sizeof a) != 0 || listen(door, 64) != 0)
		die("listen");
	puts("ready");
	fflush(stdout);
	while ((fd = accept(door, NULL, NULL)) >= 0) {
		if (fork() == 0)
			serve(fd);
		close(fd);
	}
	return 0;
}
