/* The verbs as clients of a pretended Mola in another process: what people see, and what is reported when it fails. */
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/alloc.h"
#include "base/buf.h"
#include "cli/cli.h"
#include "cli/grid.c"
#include "http/server.h"

#include "../until.h"

static const char nodes_answer[] = "{\"nodes\":["
    "{\"name\":\"alpha\",\"state\":\"fresh\",\"cores\":4,\"busy\":1.5,\"others\":2.04,\"inflight\":12,\"cost\":0.875,"
    "\"memory_total_bytes\":16777216000,\"memory_available_bytes\":4194304000,\"share\":0.634,\"why\":null,\"detail\":null},"
    "{\"name\":\"evil\\u001b[2J\\u009b1m\",\"state\":\"blind\",\"cores\":null,\"busy\":null,\"others\":-0.04,\"inflight\":0,\"cost\":1,"
    "\"memory_total_bytes\":null,\"memory_available_bytes\":null,\"share\":null,\"why\":\"metrics_syntax\","
    "\"detail\":\"a line is not Prometheus text (line 3 \\u0007), since 7 s\"}]}";
static const char services_answer[] = "{\"services\":[{\"name\":\"web\",\"policy\":\"marginal\",\"routes\":[{\"host\":\"\",\"path\":\"/\"},"
    "{\"host\":\"a\",\"path\":\"/\"}],\"tasks\":3,\"usable\":2,\"inflight\":7,\"requests_total\":12345678,\"failures_total\":0,"
    "\"requests_per_second\":1234.56,\"served\":true,\"labels\":[{\"label\":\"mola.port\",\"value\":\"80\",\"state\":\"understood\","
    "\"text\":null},{\"label\":\"mola.idle\",\"value\":\"soon\",\"state\":\"wrong\",\"text\":\"expected a duration\"}],\"troubles\":[]},"
    "{\"name\":\"two\",\"policy\":null,\"routes\":[],\"tasks\":0,\"usable\":0,\"inflight\":0,\"requests_total\":0,"
    "\"failures_total\":0,\"requests_per_second\":null,\"served\":false,\"labels\":[],\"troubles\":[{\"why\":\"route_taken\","
    "\"text\":\"a/ belongs to web\"}]}]}";
static const char tasks_answer[] = "{\"tasks\":[{\"name\":\"web.1\",\"node\":\"alpha\",\"address\":\"10.0.0.1:80\",\"state\":\"up\","
    "\"inflight\":1,\"requests_total\":99,\"failures_total\":1,\"share\":1,\"available_cores\":1.25,\"cost\":0.5}]}";
static const char why_answer[] = "{\"service\":\"web\",\"policy\":\"marginal\",\"summary\":\"1 of 1 tasks take requests\",\"tasks\":["
    "{\"name\":\"web.1\",\"node\":\"alpha\",\"state\":\"up\",\"share\":1,\"reason\":\"4.0 cores, 2.0 busy with others' work, 12 of Mola's in "
    "flight: cost 0.88, first of 1 and this goes on beyond eighty columns\"}]}";

/* nine tasks on two nodes */
static const char why_many_answer[] = "{\"service\":\"many\",\"policy\":\"marginal\",\"summary\":\"9 of 9 tasks take requests\",\"tasks\":["
#define NTH(n, node) "{\"name\":\"many." n "\",\"node\":\"" node "\",\"state\":\"up\",\"share\":0.125,\"reason\":\"cost 0.5" n "\",\"steps\":[" \
    "{\"step\":\"slow_start\",\"text\":\"slow start: it shows 0.5 of 4 cores, and words that go on beyond eighty columns\",\"values\":{}}," \
    "{\"step\":\"cost\",\"text\":\"cost \\u001b[2J\"}]}"
    NTH("1", "alpha") "," NTH("2", "beta") "," NTH("3", "alpha") "," NTH("4", "beta") "," NTH("5", "beta") "," NTH("6", "beta") ","
    NTH("7", "beta") "," NTH("8", "beta") "," NTH("9", "beta") "]}";

static const char why_unserved_answer[] = "{\"service\":\"two\",\"policy\":null,\"summary\":\"two is not served: a/ belongs to web\","
    "\"tasks\":[],\"queries\":[],\"mover\":null,\"served\":false,\"labels\":[{\"label\":\"mola.idle\",\"value\":\"soon\","
    "\"state\":\"wrong\",\"text\":\"expected a duration\"}],\"troubles\":[{\"why\":\"route_taken\",\"text\":\"a/ belongs to web\"},"
    "{\"why\":\"service_no_port\",\"text\":\"no port is known\"}]}";

static const char certs_answer[] = "{\"certificates\":[{\"id\":\"file:/a.pem\",\"source\":\"file\",\"state\":\"kept\",\"default\":true,"
    "\"names\":[\"a.org\",\"b.org\",\"c.org\",\"d.org\"],\"issuer\":\"CN=R11\",\"key\":\"ecdsa-256\",\"not_after\":\"2027-01-31T00:00:00Z\","
    "\"expires_seconds\":864001,\"renew\":null,\"text\":\"a file of a certificate cannot be read\",\"detail\":\"/a.pem: gone\"},"
    "{\"id\":\"acme:e.org\",\"state\":\"waiting\",\"default\":false,\"names\":[],\"issuer\":null,\"key\":null,\"not_after\":null,"
    "\"expires_seconds\":null,\"renew\":\"2027-01-01T10:00:00Z\",\"text\":null,\"detail\":null},"
    "{\"id\":\"file:/f.pem\",\"state\":\"expired\",\"default\":false,\"names\":[\"f.org\"],\"issuer\":\"CN=R11\",\"key\":\"rsa-2048\","
    "\"not_after\":\"2026-11-01T00:00:00Z\",\"expires_seconds\":-172800,\"warning\":\"no chain\"}],"
    "\"authorities\":[{\"id\":\"client-ca/web\",\"state\":\"good\",\"certificates\":2}],\"handshakes_failed\":[{\"host\":\"old.org\",\"why\":\"tls_no_cert\","
    "\"text\":\"there is no certificate\",\"count\":3,\"age_seconds\":12.4},{\"host\":\"\",\"why\":\"tls_broken\",\"text\":\"no TLS\","
    "\"count\":1,\"age_seconds\":0.2}]}";

static const char events_answer[] = "{\"events\":[{\"id\":8,\"time\":\"2026-11-27T19:55:08.747Z\",\"level\":\"info\","
    "\"event\":\"target.taken\",\"text\":\"target=edge\"},{\"id\":9,\"time\":\"2026-11-27T19:55:09.001Z\",\"level\":\"warn\","
    "\"event\":\"label.refused\",\"text\":\"label=\\u001b[2J\"}],\"last\":9}";

static const char config_answer[] = "{\"config\":{\"stop\":\"30s\",\"user\":null,\"tls\":{\"certificates\":[],\"min_version\":\"1.2\"},"
    "\"admin\":{\"address\":\":8000\",\"socket\":\"/run/a b\",\"hosts\":[\"m.org\",\"true\"]},\"acme\":{\"cas\":[]},\"nodes\":[{\"name\":\"n\\u001b\","
    "\"cores\":4,\"tags\":{\"a\":false}},{\"name\":\"no\"}]},\"defaults\":[\"stop\",\"user\",\"tls.min_version\",\"nodes.0.tags.a\"],"
    "\"secrets\":[\"admin.token\"]}";

#define LONG_NAME 1200

static char place[64], where[80];

/* Responds to requests that are as they should be. */
static void
pretend(void *arg, struct request *x)
{
	struct str path = request_path(x), body = request_body(x);
	char service[LONG_NAME + 1] = "", after[32] = "";
	struct str token = { NULL, 0 };
	const char *json = "{\"error\":\"there is no service 'x\\u001by'\"}";
	int status = 200;

	(void)arg;
	request_query(x, "service", service, sizeof service);
	request_query(x, "after", after, sizeof after);
	for (int i = 0; i < request_head(x)->nfields; i++)
		if (str_eq_nocase(request_head(x)->field[i].name, STR("authorization")))
			token = request_head(x)->field[i].value;
	if (str_eq(path, STR("/api/v1/nodes")))
		json = nodes_answer;
	else if (str_eq(path, STR("/api/v1/events")) && (strcmp(after, "0") == 0 || strcmp(after, "7") == 0))
		json = events_answer;
	else if (str_eq(path, STR("/api/v1/config/defaults")))
		json = config_answer;
	else if (str_eq(path, STR("/api/v1/tasks")) && strcmp(service, "guarded") == 0) {
		bool known = str_eq(token, STR("Bearer of-the-file")) || str_eq(token, STR("Bearer of-the-environment"));

		json = known ? tasks_answer : "{\"error\":\"the token is missing\"}";
		status = known ? status : 401;
	} else if (str_eq(path, STR("/api/v1/certs")))
		json = certs_answer;
	else if (str_eq(path, STR("/api/v1/certs/renew")) && str_eq(body, STR("{\"certificate\":\"e.org\"}"))) {
		json = "{\"certificate\":\"e.org\",\"state\":\"renewing\"}";
		status = 202;
	} else if (str_eq(path, STR("/api/v1/certs/remove"))) {
		json = "{\"error\":\"it is a file\"}";
		status = 409;
	} else if (str_eq(path, STR("/api/v1/services")))
		json = services_answer;
	else if (str_eq(path, STR("/api/v1/tasks")) && (service[0] == '\0' || strcmp(service, "web & co") == 0))
		json = tasks_answer;
	else if (str_eq(path, STR("/api/v1/tasks")) && strlen(service) == LONG_NAME)
		json = "{\"tasks\":[]}";
	else if (str_eq(path, STR("/api/v1/why")) && strcmp(service, "web") == 0)
		json = why_answer;
	else if (str_eq(path, STR("/api/v1/why")) && strcmp(service, "many") == 0)
		json = why_many_answer;
	else if (str_eq(path, STR("/api/v1/why")) && strcmp(service, "two") == 0)
		json = why_unserved_answer;
	else if (str_eq(path, STR("/api/v1/why")) && strcmp(service, "html") == 0)
		json = "<html>";
	else if (str_eq(path, STR("/api/v1/drain")) && str_eq(body, STR("{\"node\":\"alpha\",\"drain\":true}")))
		json = "{\"node\":\"alpha\",\"drain\":true}";
	else if (str_eq(path, STR("/api/v1/drain")) && str_eq(body, STR("{\"node\":\"alpha\",\"drain\":false}")))
		json = "{\"node\":\"alpha\",\"drain\":false}";
	else if (str_eq(path, STR("/api/v1/drain")) && str_eq(body, STR("{\"task\":\"web.1\",\"drain\":true}")))
		json = "{\"task\":\"web.1\",\"drain\":true}";
	else if (str_eq(path, STR("/api/v1/drain")) && str_eq(body, STR("{\"node\":\"hung\",\"drain\":true}"))) {
		json = "{\"node\":\"hung\",\"drain\":true,\"pending\":true}";
		status = 202;
	} else if (str_eq(path, STR("/healthz")))
		json = "ok\033\n";
	else
		status = 404;
	request_reply(x, status, "application/json", str_of(json), NULL);
}

static pid_t
mola_start(void)
{
	struct server *server;
	struct loop *loop;
	struct addr a;
	pid_t pid;
	int fd;

	snprintf(place, sizeof place, "/tmp/mola-cli-test-%d", (int)getpid());
	snprintf(where, sizeof where, "unix:%s", place);
	unlink(place);
	assert_null(addr_parse(str_of(where), &a));
	assert_null(sock_listen(&a, false, &fd));
	fflush(NULL);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	loop = loop_new();
	server = server_new(loop, &(struct server_conf){ 0 }, pretend, NULL);
	server_listen(server, fd, NULL);
	loop_run(loop);
	_exit(0);
}

struct output {
	int	status;
	char	out[8192], err[4096];
};

static void
slurp(FILE *f, char *to, size_t cap)
{
	size_t n;

	rewind(f);
	n = fread(to, 1, cap - 1, f);
	to[n] = '\0';
	fclose(f);
}

/* Runs a verb as main() would, with its streams in files. */
static struct output
mola(int (*verb)(int, char **), const char *const *words)
{
	FILE *out = tmpfile(), *err = tmpfile();
	int saved_out = dup(STDOUT_FILENO), saved_err = dup(STDERR_FILENO), argc = 0;
	char *argv[10] = { NULL };
	struct output t;

	for (; words[argc] != NULL; argc++)
		argv[argc] = must_strdup(words[argc]);
	fflush(NULL);
	dup2(fileno(out), STDOUT_FILENO);
	dup2(fileno(err), STDERR_FILENO);
	t.status = verb(argc, argv);
	fflush(NULL);
	dup2(saved_out, STDOUT_FILENO);
	dup2(saved_err, STDERR_FILENO);
	close(saved_out);
	close(saved_err);
	slurp(out, t.out, sizeof t.out);
	slurp(err, t.err, sizeof t.err);
	for (int i = 0; i < 10; i++)		/* getopt may have moved them */
		free(argv[i]);
	return t;
}

#define MOLA(verb, ...) mola(verb##_main, (const char *const[]){ #verb, __VA_ARGS__ __VA_OPT__(,) NULL })

static void
test_nodes(void **state)
{
	struct output t = MOLA(nodes);

	(void)state;
	assert_int_equal(t.status, 0);
	assert_string_equal(t.err, "");
	assert_string_equal(t.out,
	    "NODE         STATE  CORES  BUSY  OTHERS  OURS  COST           MEMORY  SHARE\n"
	    "alpha        fresh    4.0   1.5     2.0    12  0.88  75% of 15.6 GiB    63%\n"
	    "evil?[2J?1m  blind      -     -     0.0     0  1.00                -      -\n"
	    "  a line is not Prometheus text (line 3 ?), since 7 s\n");
}

static void
test_services(void **state)
{
	struct output t = MOLA(services);

	(void)state;
	assert_string_equal(t.out,
	    "SERVICE  POLICY    TASKS  INFLIGHT   REQ/S  REQUESTS  FAILED  ROUTE\n"
	    "web      marginal    2/3         7  1234.6     12.3M       0  */ +1\n"
	    "  mola.idle=soon is wrong: expected a duration\n"
	    "two      -           0/0         0       -         0       0  -\n"
	    "  not served: a/ belongs to web\n");
}

static void
test_tasks(void **state)
{
	struct output t = MOLA(tasks), of_service = MOLA(tasks, "web & co");

	(void)state;
	assert_string_equal(t.out,
	    "TASK   NODE   ADDRESS      STATE  INFLIGHT  REQUESTS  FAILED  CORES  COST  SHARE\n"
	    "web.1  alpha  10.0.0.1:80  up            1        99       1   1.25  0.50   100%\n");
	assert_string_equal(of_service.out, t.out);
}

/* A name goes to the API whole, or not at all. */
static void
test_long_names(void **state)
{
	char name[9001];
	struct output t;

	(void)state;
	memset(name, 'n', sizeof name);
	name[LONG_NAME] = '\0';
	t = MOLA(tasks, name);
	assert_int_equal(t.status, 0);
	assert_string_equal(t.out, "TASK  NODE  ADDRESS  STATE  INFLIGHT  REQUESTS  FAILED  CORES  COST  SHARE\n");
	name[LONG_NAME] = 'n';
	name[sizeof name - 1] = '\0';
	t = MOLA(tasks, name);
	assert_int_equal(t.status, 1);
	assert_string_equal(t.err, "mola tasks: the name is too long\n");
}

static void
test_why(void **state)
{
	struct output t = MOLA(why, "web");

	(void)state;
	assert_string_equal(t.out, "1 of 1 tasks take requests\n\n"
	    "web.1 on alpha, up, 100% of the requests\n"
	    "  4.0 cores, 2.0 busy with others' work, 12 of Mola's in flight: cost 0.88,\n"
	    "  first of 1 and this goes on beyond eighty columns\n");
}

static void
test_why_unserved(void **state)
{
	struct output t = MOLA(why, "two");

	(void)state;
	assert_int_equal(t.status, 0);
	assert_string_equal(t.out, "two is not served: a/ belongs to web\n\nno port is known\n\nmola.idle=soon is wrong: expected a duration\n");
}

static void
test_certs(void **state)
{
	struct output t = MOLA(certs), renew = MOLA(certs, "renew", "e.org"), remove = MOLA(certs, "remove", "/a.pem");
	struct output wrong = MOLA(certs, "e.org");

	(void)state;
	assert_string_equal(t.out,
	    "CERTIFICATE    NAMES                           ISSUER  KEY        EXPIRES               RENEWAL     STATE\n"
	    "file:/a.pem    a.org, b.org, c.org and 1 more  CN=R11  ecdsa-256  2027-01-31 (10 d)     -           kept\n"
	    "  a file of a certificate cannot be read: /a.pem: gone\n"
	    "  the default, for clients that name no host or an unknown one\n"
	    "acme:e.org     -                               -       -          -                     2027-01-01  waiting\n"
	    "file:/f.pem    f.org                           CN=R11  rsa-2048   2026-11-01 (2 d ago)  -           expired\n"
	    "  no chain\n"
	    "client-ca/web  -                               -       2 CA       -                     -           good\n"
	    "\n"
	    "HANDSHAKES FAILED FOR  COUNT      LAST  WHY\n"
	    "old.org                    3  12 s ago  there is no certificate\n"
	    "(no host)                  1   0 s ago  no TLS\n");
	assert_string_equal(renew.out, "e.org: renewing; `mola certs` shows when it is done\n");
	assert_int_equal(renew.status, 0);
	assert_string_equal(remove.err, "mola certs: it is a file\n");
	assert_int_equal(remove.status, 1);
	assert_int_equal(wrong.status, 2);
}

static void
test_drain(void **state)
{
	struct output task = MOLA(drain, "--task", "web.1");
	struct output t = MOLA(drain, "alpha"), undo = MOLA(drain, "--undo", "alpha"), after = MOLA(drain, "alpha", "--undo");

	(void)state;
	assert_string_equal(task.out, "web.1 gets no new requests until `mola drain --undo`, or until Mola is restarted\n");
	assert_string_equal(t.out, "alpha gets no new requests until `mola drain --undo`, or until Mola is restarted\n");
	assert_string_equal(undo.out, "alpha gets new requests again\n");
	assert_string_equal(after.out, undo.out);
	assert_int_equal(t.status + undo.status + after.status, 0);
}

/* What is not in force is no success: the next command of the line may be a reboot. */
static void
test_a_pending_drain(void **state)
{
	struct output t = MOLA(drain, "hung"), j = MOLA(drain, "--json", "hung");

	(void)state;
	assert_int_equal(t.status, 1);
	assert_string_equal(t.out, "");
	assert_non_null(strstr(t.err, "mola drain: hung is drained, but not all workers know it yet"));
	assert_int_equal(j.status, 1);
	assert_string_equal(j.out, "{\n  \"node\": \"hung\",\n  \"drain\": true,\n  \"pending\": true\n}\n");
}

static void
test_health(void **state)
{
	struct output t = MOLA(health), j = MOLA(health, "--json"), gone = MOLA(health, "--admin", "unix:/nowhere");

	(void)state;
	assert_int_equal(t.status, 0);
	assert_string_equal(t.out, "ok?\n");
	assert_string_equal(j.out, "{\n  \"well\": true,\n  \"text\": \"ok?\"\n}\n");
	assert_int_equal(gone.status, 1);
	assert_string_equal(gone.err, "mola health: no Mola at unix:/nowhere: is it running?\n");
}

/* What came, and nothing in it that a terminal would obey. */
static void
test_json(void **state)
{
	struct output t = MOLA(nodes, "--json");
	json_t *got = json_loads(t.out, 0, NULL), *sent = json_loads(nodes_answer, 0, NULL);

	(void)state;
	assert_true(json_equal(got, sent));
	for (const char *c = t.out; *c != '\0'; c++)
		assert_true((*c >= ' ' && *c < 0x7f) || *c == '\n');
	json_decref(got);
	json_decref(sent);
}

static void
test_events(void **state)
{
	struct output t = MOLA(events), warn = MOLA(events, "--level", "warn", "--since", "7"), j = MOLA(events, "--json", "--level", "warn");
	struct output level = MOLA(events, "--level", "loud"), since = MOLA(events, "--since", "noon"), gone = MOLA(events, "-f", "--admin", "/nowhere");
	struct output other = MOLA(nodes, "-f");

	(void)state;
	assert_string_equal(t.out, "     8  2026-11-27T19:55:08.747Z  info   target.taken          target=edge\n"
	    "     9  2026-11-27T19:55:09.001Z  warn   label.refused         label=?[2J\n");
	assert_string_equal(warn.out, strchr(t.out, '\n') + 1);
	assert_string_equal(j.out, "{\"id\":9,\"time\":\"2026-11-27T19:55:09.001Z\",\"level\":\"warn\",\"event\":\"label.refused\","
	    "\"text\":\"label=\\u001B[2J\"}\n");
	assert_int_equal(t.status + warn.status + j.status, 0);
	assert_string_equal(level.err, "mola events: --level expects debug, info, warn or error; see `mola events --help`\n");
	assert_string_equal(since.err, "mola events: --since expects the id of an event, such as 28; see `mola events --help`\n");
	assert_int_equal(level.status + since.status, 4);
	assert_string_equal(gone.err, "mola events: no Mola at /nowhere: is it running?\n");
	assert_int_equal(gone.status, 1);
	assert_string_equal(other.err, "mola nodes: there is no option -f; see `mola nodes --help`\n");
}

/* A file: nothing in it that a file may not have, and quotes where YAML would see something else than a text. */
static void
test_config(void **state)
{
	struct output t = MOLA(config), j = MOLA(config, "--json");

	(void)state;
	assert_string_equal(t.out, "stop: 30s   # default\n"
	    "tls:\n  min_version: \"1.2\"   # default\n"
	    "admin:\n  address: \":8000\"\n  socket: \"/run/a b\"\n  hosts: [ m.org, \"true\" ]\n  # token: is set, and not shown\n"
	    "nodes:\n  - name: \"n\\u001B\"\n    cores: 4\n    tags:\n      a: false   # default\n  - name: \"no\"\n");
	assert_non_null(strstr(j.out, "\"defaults\": ["));
	assert_int_equal(t.status + j.status, 0);
}

/* Reads send the token, too: Mola may want it for them. That of the file comes first. */
static void
test_token(void **state)
{
	struct output none, environment, file;
	char path[80];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s.token", place);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs("of-the-file\nmore\n", f);
	fclose(f);
	none = MOLA(tasks, "guarded", "--json");
	setenv("MOLA_TOKEN", "of-the-environment", 1);
	environment = MOLA(tasks, "guarded");
	setenv("MOLA_TOKEN", "wrong", 1);
	file = MOLA(tasks, "guarded", "--token-file", path);
	unsetenv("MOLA_TOKEN");
	unlink(path);
	assert_int_equal(none.status, 1);
	assert_non_null(strstr(none.err, "the token is missing; the token is taken from --token-file FILE or $MOLA_TOKEN"));
	assert_non_null(strstr(environment.out, "web.1"));
	assert_string_equal(file.out, environment.out);
}

static void
test_trouble(void **state)
{
	struct output t;

	(void)state;
	t = MOLA(nodes, "--admin", "unix:/nowhere/to/be/found");
	assert_int_equal(t.status, 1);
	assert_string_equal(t.err, "mola nodes: no Mola at unix:/nowhere/to/be/found: is it running?\n");
	t = MOLA(why, "x");
	assert_int_equal(t.status, 1);
	assert_string_equal(t.err, "mola why: there is no service 'x?y'\n");
	t = MOLA(why, "html");
	assert_int_equal(t.status, 1);
	assert_non_null(strstr(t.err, "is not Mola: its response has status 200"));
	t = MOLA(drain, "--token-file", "/nowhere/token", "alpha");
	assert_int_equal(t.status, 1);
	assert_string_equal(t.err, "mola drain: the token file /nowhere/token cannot be read\n");
	assert_string_equal(t.out, "");
}

/* A path alone is a place, and one that may not be opened is no Mola that does not run. */
static void
test_places(void **state)
{
	struct output t = MOLA(nodes, "--admin", place), locked;
	pid_t pid;
	int status;

	(void)state;
	assert_int_equal(t.status, 0);
	if (getuid() != 0)
		skip();
	assert_int_equal(chmod(place, 0600), 0);
	fflush(NULL);
	if ((pid = fork()) == 0) {
		if (setresuid(65534, 65534, 65534) != 0)
			_exit(2);
		locked = MOLA(nodes);
		_exit(locked.status == 1 && strstr(locked.err, "mola nodes: you may not open /tmp/mola-cli-test-") == locked.err
		    && strstr(locked.err, "admin.group") != NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(chmod(place, 0666), 0);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
test_why_narrowed(void **state)
{
	static const char one[] = "\nmany.3 on alpha, up, 12% of the requests\n  cost 0.53\n"
	    "  slow start    slow start: it shows 0.5 of 4 cores, and words that go on beyond\n"
	    "                eighty columns\n"
	    "  cost          cost ?[2J\n";
	struct output t = MOLA(why, "many", "many.3");

	(void)state;
	assert_int_equal(t.status, 0);
	assert_string_equal(t.out, one);
	t = MOLA(why, "many", "alpha");
	assert_int_equal(t.status, 0);
	assert_non_null(strstr(t.out, "many.1 on alpha"));
	assert_non_null(strstr(t.out, one));
	assert_null(strstr(t.out, "beta"));
	t = MOLA(why, "--json", "many", "alpha");
	assert_null(strstr(t.out, "beta"));
	assert_non_null(strstr(t.out, "many.3"));
	t = MOLA(why, "many");			/* too many for each step */
	assert_null(strstr(t.out, "slow start"));
	assert_non_null(strstr(t.out, "  cost 0.59\n\nEach step: mola why many TASK, or mola why many NODE\n"));
	t = MOLA(why, "many", "alpah");
	assert_int_equal(t.status, 1);
	assert_string_equal(t.out, "");
	assert_string_equal(t.err, "mola why: many has no task 'alpah', and none on a node of this name; near to it: alpha\n");
	t = MOLA(why, "many", "many.33");
	assert_string_equal(t.err, "mola why: many has no task 'many.33', and none on a node of this name; near to it: many.3, many.1, many.2\n");
	t = MOLA(why, "many", "xyz\033");
	assert_string_equal(t.err, "mola why: many has no task 'xyz?', and none on a node of this name; there are many.1, alpha, many.2\n");
	t = MOLA(why, "two", "x");
	assert_int_equal(t.status, 1);
	assert_string_equal(t.err, "mola why: two has no task 'x', and none on a node of this name\n");
}

static void
test_misuse(void **state)
{
	const struct output all[] = { MOLA(nodes, "--frob"), MOLA(nodes, "x"), MOLA(nodes, "--undo"), MOLA(why), MOLA(why, "a", "b", "c"),
		MOLA(drain), MOLA(nodes, "--admin"), MOLA(nodes, "--admin", "ftp://x"), MOLA(version, "x"), MOLA(help, "nodse") };
	static const char *const expected[] = { "mola nodes: there is no option --frob; see `mola nodes --help`\n",
		"mola nodes: unexpected argument 'x'; ", "there is no option --undo", "a name is missing", "unexpected argument 'c'", "a name is missing",
		"--admin expects a value", "'ftp://x' is not an admin address: expected unix:/path or http://host:port",
		"expected no argument", "mola: there is no verb 'nodse'; did you mean 'nodes'? `mola help` lists them\n" };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_int_equal(all[i].status, 2);
		assert_non_null(strstr(all[i].err, expected[i]));
		assert_string_equal(all[i].out, "");
	}
}

/* Exit status 1 would mean that something differs. */
static void
test_compare_misuse(void **state)
{
	const struct output all[] = { MOLA(compare), MOLA(compare, "--with", "traefik:80"), MOLA(compare, "--with", "https://traefik"),
		MOLA(compare, "--with-tls", "http://traefik"), MOLA(compare, "--with", "http://u:p@traefik"), MOLA(compare, "--with", "http://t", "--most", "0"),
		MOLA(compare, "--with", "http://t", "x"), MOLA(nodes, "--with", "http://t"), MOLA(compare, "--with", "http://t"),
		MOLA(compare, "--with", "http://t", "--admin", "/nowhere") };
	static const char *const expected[] = { "--with is missing", "--with expects http://host:port and no more", "--with expects http://host:port",
		"--with-tls expects https://host:port", "--with expects http://host:port", "--most expects a number from 1 to 100000",
		"unexpected argument 'x'", "there is no option --with", "mola compare: there is no service", "no Mola at /nowhere" };

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		assert_int_equal(all[i].status, 2);
		assert_non_null(strstr(all[i].err, expected[i]));
		assert_string_equal(all[i].out, "");
	}
}

static void
test_help(void **state)
{
	struct output t = MOLA(help), drain = MOLA(drain, "--help"), run = MOLA(help, "run"), version = MOLA(version);

	(void)state;
#define CMD(name, function, args, text) assert_non_null(strstr(t.out, "\n  " #name " ")); assert_non_null(strstr(t.out, text));
#include "tbl/cmds.h"
#undef CMD
	assert_non_null(strstr(drain.out, "usage: mola drain [OPTIONS] NODE\n"));
	assert_non_null(strstr(drain.out, "--undo"));
	assert_non_null(strstr(drain.out, "--admin WHERE"));
	assert_null(strstr(run.out, "--admin"));
	assert_string_equal(version.out, "mola " MOLA_VERSION "\n");
	assert_int_equal(t.status + drain.status + run.status + version.status, 0);
}

static void
test_humane_numbers(void **state)
{
	char text[16];

	(void)state;
	assert_string_equal(bytes_text(0, text), "0 B");
	assert_string_equal(bytes_text(1023, text), "1023 B");
	assert_string_equal(bytes_text(1536, text), "1.5 KiB");
	assert_string_equal(bytes_text(270e9, text), "251 GiB");
}

/* Characters count, bytes do not. */
static void
test_widths(void **state)
{
	struct printable safe;
	char text[520];

	(void)state;
	assert_int_equal(width_of("h\xc3\xa9llo"), 5);
	assert_string_equal(printable("a\tb\x7f\xc2\x85 \xc3\xa9", &safe), "a?b?? \xc3\xa9");
	/* what no UTF-8 has, and what shows text in another order than it is in */
	assert_string_equal(printable("\x9b\xff\xc3[\xe2\x80\xae" "200\xe2\x81\xa6\xe2\x82\xac\xf0\x9f\x98\x80\xe2\x82", &safe),
	    "??" "?[?200?\xe2\x82\xac\xf0\x9f\x98\x80??");
	memset(text, 'x', sizeof text);
	strcpy(text + 510, "\xc3\xa9y");
	assert_int_equal(strlen(printable(text, &safe)), 510);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nodes),
		cmocka_unit_test(test_services),
		cmocka_unit_test(test_tasks), cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_why),
		cmocka_unit_test(test_why_unserved),
		cmocka_unit_test(test_certs),
		cmocka_unit_test(test_drain), cmocka_unit_test(test_a_pending_drain),
		cmocka_unit_test(test_health),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_events), cmocka_unit_test(test_config), cmocka_unit_test(test_token),
		cmocka_unit_test(test_trouble),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_why_narrowed),
		cmocka_unit_test(test_misuse),
		cmocka_unit_test(test_compare_misuse),
		cmocka_unit_test(test_help),
		cmocka_unit_test(test_humane_numbers),
		cmocka_unit_test(test_widths),
	};
	pid_t server = mola_start();
	int failed;

	setenv("MOLA_ADMIN", where, 1);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(place);
	return failed;
}
