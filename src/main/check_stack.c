/*
 * check_stack: `mola check --stack FILE`: how the services of stacks would be served, without any
 * Docker. Values of labels are shown where they are no secrets (discovery/report.h).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bug.h"
#include "base/form.h"
#include "main/check.h"
#include "stack/foreign.h"
#include "stack/stack_judge.h"
#include "world/filter.h"

#define UNREADABLE	2
#define LABELS_MAX	((size_t)16 << 20)

/* A Mola on the usual ports, which reads the labels of Traefik, too. Routers of TCP need listeners
 * with the names of their entry points. */
static const char usual_conf[] =
    "listen:\n"
    "  - { address: \"0.0.0.0:80\" }\n"
    "  - { address: \"0.0.0.0:443\", tls: true }\n"
    "  - { address: \"0.0.0.0:8080\", name: web }\n"
    "  - { address: \"0.0.0.0:8443\", name: websecure, tls: true }\n"
    "acme: { email: any@example.org }\n"
    "swarm: {}\n";

static void
on_say(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "%s\n", line);
}

static void
on_warn(void *arg, const char *line)
{
	(void)arg;
	fprintf(stderr, "warning: %s\n", line);
}

/* ---- what is served ---- */

/* "websecure *.example.org" of connections, "https://www.example.org/path" of requests. */
static void
print_address(const struct route_conf *r)
{
	static const char *const schemes[ROUTE_BYS] = { "http(s)", "http", "https", "http(s)" };
	const char *host = *r->host == '\0' ? "ANY-HOST" : *r->host == '+' ? r->host + 1 : r->host;
	const char *star = *r->host == '+' ? "*" : "";

	if (r->listener != NULL)
		printf("  listener %s: %s%s%s", r->listener, *r->host == '\0' ? "all connections" : star,
		    *r->host == '\0' ? "" : host, r->ends_tls ? ", TLS ends at Mola" : "");
	else
		printf("  %s://%s%s%s", schemes[r->rule == NULL ? BY_ANY : r->rule->by], star, host, r->path);
	if (r->rule != NULL && r->rule->condition != NULL)
		printf("  if %s", r->rule->text);
}

static void
print_chain(const struct route_conf *r)
{
	struct str rest = str_of(r->chain), name, kind;
	const char *before = "  passes ";
	enum filter_kind k;

	while (filter_chain_next(&rest, &name, &kind)) {
		bool guards = filter_kind_parse(kind, &k) && filter_kind_guards(k);
		printf("%s%.*s (%.*s%s)", before, STR_ARG(name), STR_ARG(kind), guards ? ", guards" : "");
		before = ", ";
	}
}

static void
print_served(const struct stack_judgement *j, const struct stack_service *v)
{
	const struct world_service *s = NULL;

	while ((s = stack_world_next(j, v, s)) != NULL)
		for (unsigned i = 0; i < s->nroutes; i++) {
			print_address(&s->route[i]);
			if (s->route[i].chain != NULL)
				print_chain(&s->route[i]);
			printf("\n");
		}
}

/* ---- what is not ---- */

static void
print_label(const struct stack *s, const struct stack_service *v, const struct report_label *l)
{
	const struct stack_pair *p = stack_label_find(s, v, l->name);

	if (l->state == LABEL_VALID || l->state == LABEL_UNUSED)
		return;			/* why a label counts for nothing is a trouble, if it is one */
	printf("  %s:%d: %s: %s%s%s\n", p == NULL ? v->at.file : p->at.file,
	    p == NULL ? v->at.line : p->at.line, l->name, label_state_name(l->state),
	    l->text == NULL ? "" : ": ", l->text == NULL ? "" : l->text);
}

static void
print_trouble(const struct stack_service *v, const struct report_trouble *t)
{
	printf("  %s:%d: %s\n", v->at.file, v->at.line, t->text);
}

static enum stack_verdict
print_service(const struct stack *s, const struct stack_judgement *j, const struct stack_service *v,
    const struct conf *c)
{
	const struct report_service *r = stack_report(j, v);
	const struct world_service *w = NULL;
	enum stack_verdict verdict = stack_verdict(j, v);

	printf("%s: %s\n", v->name, stack_verdict_name(verdict));
	print_served(j, v);
	for (unsigned i = 0; i < r->nlabels; i++)
		print_label(s, v, &r->label[i]);
	for (unsigned i = 0; i < r->ntroubles; i++)
		print_trouble(v, &r->trouble[i]);
	while ((w = stack_world_next(j, v, w)) != NULL)
		check_unchecked(c, w);
	return verdict;
}

static void
print_stack(const struct stack *s, const struct stack_judgement *j, bool alone,
    const struct conf *c, unsigned n[STACK_VERDICTS])
{
	if (!alone)
		printf("---- %s ----\n", s->name);
	if (s->of_compose)
		printf("no service has deploy.labels: judged by `labels`, which Swarm gives to containers alone; "
		    "in a stack they belong below `deploy`\n");
	for (unsigned i = 0; i < s->nservices; i++)
		n[print_service(s, j, &s->service[i], c)]++;
}

static int
print_all(struct stack *const *stack, unsigned nstacks, const struct conf *c)
{
	struct stack_judgement *j = stack_judge(stack, nstacks, c);
	const struct swarm_report *whole = stack_whole_report(j);
	unsigned n[STACK_VERDICTS] = { 0 }, all = 0;

	for (unsigned i = 0; i < whole->ntroubles; i++)
		printf("%s\n", whole->trouble[i].text);
	for (unsigned i = 0; i < nstacks; i++) {
		print_stack(stack[i], j, nstacks == 1, c, n);
		all += stack[i]->nservices;
	}
	printf("%u service%s: %u as meant, %u in part, %u not served, %u not to be served\n", all,
	    all == 1 ? "" : "s", n[STACK_AS_MEANT], n[STACK_PARTLY], n[STACK_REFUSED],
	    n[STACK_NOT_ASKED]);
	stack_judgement_free(&j);
	return n[STACK_PARTLY] + n[STACK_REFUSED] == 0 ? 0 : 1;
}

/* ---- labels in Mola's words ---- */

static int
print_labels(struct stack *const *stack, unsigned n, const struct conf *c)
{
	struct foreign *all[CHECK_STACKS_MAX];
	struct buf out;
	int status = 0;

	stack_foreign_all(stack, n, c, all);
	buf_init(&out, LABELS_MAX);
	for (unsigned i = 0; i < n; i++) {
		if (n > 1)
			buf_printf(&out, "%s# ---- %s ----\n", i == 0 ? "" : "---\n", stack[i]->name);
		foreign_print(stack[i], all[i], &out);
		for (unsigned k = 0; k < stack[i]->nservices; k++)
			status |= all[i][k].problem.n > 0;
	}
	fwrite(out.p, 1, out.len, stdout);
	if (out.full) {
		fprintf(stderr, "there are too many labels: check the services in parts\n");
		status = 1;
	}
	buf_fini(&out);
	return status;
}

/* ---- the files ---- */

static bool
read_variables(struct variables *v, const char *file)
{
	char problem[VARIABLES_PROBLEM];
	struct buf text, errors;
	bool good = true;
	int line;

	buf_init(&text, CONF_TEXT_MAX);
	buf_init(&errors, CONF_ERRORS_MAX);
	if (!conf_read_all(file, &text, &errors)) {
		fwrite(errors.p, 1, errors.len, stderr);
		good = false;
	} else if (!variables_read(v, buf_str(&text), &line, problem)) {
		fprintf(stderr, "%s:%d: %s\n", file, line, problem);
		good = false;
	}
	buf_fini(&text);
	buf_fini(&errors);
	return good;
}

static struct conf *
read_conf(const char *file, struct buf *text, struct buf *errors)
{
	if (file != NULL)
		return check_load(file, text, errors);
	buf_init(text, CONF_TEXT_MAX);
	buf_init(errors, CONF_ERRORS_MAX);
	buf_adds(text, STR(usual_conf));
	return conf_parse(buf_str(text), "the usual configuration", errors);
}

#define FILES_MAX	32		/* of one stack */
#define NAME_MAX_BYTES	64

/* What its first file is called, without what no name has; with a number when it is not the first
 * of that name. */
static void
name_of(const char *file, struct stack *const *others, unsigned n, char name[NAME_MAX_BYTES])
{
	const char *slash = strrchr(file, '/');
	size_t len = str_copy(name, NAME_MAX_BYTES - 8, str_of(slash == NULL ? file : slash + 1));
	char *dot = strrchr(name, '.');

	if (dot != NULL && dot > name)
		*dot = '\0';
	len = strlen(name);
	for (char *c = name; *c != '\0'; c++)
		if (!form_name((struct str){ c, 1 }))
			*c = '-';
	for (unsigned i = 0; i < n; i++)
		if (strcmp(others[i]->name, name) == 0)
			snprintf(name + len, 8, "-%u", n + 1);
}

/* `files` have commas between them. NULL: it was reported why. */
static struct stack *
read_stack(const char *files, const struct variables *v, struct stack *const *others, unsigned n)
{
	struct str rest = str_of(files), one;
	const char *file[FILES_MAX];
	struct stack_reading how = { .file = file, .variables = v, .warn = on_warn, .fail = on_say };
	char name[NAME_MAX_BYTES];
	struct stack *s = NULL;

	while (how.nfiles < FILES_MAX && str_split(&rest, ',', &one))
		file[how.nfiles++] = str_dup(one);
	if (how.nfiles > 0) {
		name_of(file[0], others, n, name);
		how.name = name;
		s = stack_read(&how);
	}
	while (how.nfiles > 0)
		free((char *)(uintptr_t)file[--how.nfiles]);
	return s;
}

/* False: another one has its name; it was reported, and the stack is gone. */
static bool
is_new(struct stack *s, struct stack *const *others, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (strcmp(others[i]->name, s->name) == 0) {
			fprintf(stderr, "two stacks have the name %s; files of one stack have commas between them\n",
			    s->name);
			stack_free(&s);
			return false;
		}
	return true;
}

int
check_stack(const struct check_stack *what)
{
	struct variables *variables = variables_new();
	struct stack *stack[CHECK_STACKS_MAX] = { NULL };
	struct buf text, errors;
	struct conf *c = read_conf(what->conf, &text, &errors);
	bool good = c != NULL && check_traefik(c);
	unsigned n = 0;
	int status = UNREADABLE;

	if (errors.len > 0)
		fwrite(errors.p, 1, errors.len, stderr);
	for (unsigned i = 0; i < what->nenv_files; i++)
		good = read_variables(variables, what->env_file[i]) && good;
	for (unsigned i = 0; i < what->nstacks; i++)
		if ((stack[n] = read_stack(what->stack[i], variables, stack, n)) != NULL)
			n += is_new(stack[n], stack, n);
	if (good && n == what->nstacks)
		status = what->write_labels ? print_labels(stack, n, c) : print_all(stack, n, c);
	for (unsigned i = 0; i < n; i++)
		stack_free(&stack[i]);
	variables_free(&variables);
	conf_free(&c);
	buf_fini(&text);
	buf_fini(&errors);
	return status;
}
