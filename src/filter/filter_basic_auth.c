/*
 * basicAuth: a user and a password that fits one of the hashes. A hash that takes long is computed
 * by the worker's thread for them, and the exchange waits. What does not pass has taken as long as
 * the slowest of the hashes, whether there is such a user or not.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/clock.h"
#include "base/password.h"
#include "base/credentials.h"
#include "filter/means_priv.h"
#include "filter/filter_priv.h"

#define WAIT_USEC	(30 * USEC_PER_SEC)

/* A password to be looked at; a job, as it may have to wait for others. */
struct proof {
	struct job	 job;
	struct jobs	*jobs;
	void		(*wake)(void *);
	void		*wake_arg;
	struct str	 hash, slowest;	/* empty: none */
	struct known_mark mark;
	bool		 marked;
	bool		 over, fits;
	struct str	 password;
	char		 text[];	/* of all three */
};

/* ---- users ---- */

/* The hash of the last of that name, as in Traefik; empty: there is none. */
static struct str
user_hash(const struct filter_texts *users, struct str name, struct str *user)
{
	for (unsigned i = users->n; i-- > 0;) {
		struct str hash = users->item[i];
		if (str_split(&hash, ':', user) && str_eq(*user, name))
			return hash;
	}
	return (struct str){ "", 0 };
}

static struct str
slowest_hash(const struct filter_texts *users)
{
	struct str slowest = STR("");

	for (unsigned i = 0; i < users->n; i++)
		password_slower(users->item[i], &slowest);
	ASSERT(slowest.len > 0);
	return slowest;
}

/* ---- proofs ---- */

static void
proof_work(struct job *j)
{
	struct proof *p = (struct proof *)j;

	p->fits = password_fits_as_slow(p->hash, p->slowest, p->password);
}

static void
proof_free(struct proof *p)
{
	OPENSSL_cleanse(p->text, p->hash.len + p->slowest.len + p->password.len);
	free(p);
}

static void
proof_job_free(struct job *j)
{
	proof_free((struct proof *)j);
}

static void
proof_done(struct job *j)
{
	struct proof *p = (struct proof *)j;

	p->over = true;
	p->wake(p->wake_arg);
}

/* The run that holds it ends. */
static void
proof_drop(void *held)
{
	struct proof *p = held;

	if (p->over)
		proof_free(p);
	else
		jobs_drop(p->jobs, &p->job);
}

static struct str
keep(char **at, struct str s)
{
	struct str kept = { *at, s.len };

	if (s.len > 0)
		memcpy(*at, s.p, s.len);
	*at += s.len;
	return kept;
}

/* /64 of a v6 address: that is what one client has. */
static uint64_t
whose(const uint8_t ip[16])
{
	static const uint8_t v4[12] = { [10] = 0xff, [11] = 0xff };

	return str_hash((struct str){ (const char *)ip, memcmp(ip, v4, sizeof v4) == 0 ? 16 : 8 });
}

static struct proof *
proof_new(struct filter_run *r, struct str hash, struct str slowest, struct str password)
{
	struct proof *p = try_alloc(sizeof *p + hash.len + slowest.len + password.len);
	char *at;

	if (p == NULL)
		return NULL;
	*p = (struct proof){ .jobs = r->facts.means->jobs, .wake = r->facts.wake,
	    .wake_arg = r->facts.wake_arg };
	p->job = (struct job){ .work = proof_work, .done = proof_done, .free = proof_job_free,
	    .whose = whose(r->facts.ip) };
	at = p->text;
	p->hash = keep(&at, hash);
	p->slowest = keep(&at, slowest);
	p->password = keep(&at, password);
	return p;
}

/* ---- what it has in common with digestAuth ---- */

struct str
auth_realm(struct str realm)
{
	return realm.len > 0 ? realm : STR("traefik");
}

enum filter_verdict
auth_pass(struct filter_run *r, struct str field, bool remove, struct str user)
{
	struct message *m = &r->request;

	if (field.len > 0) {
		fields_remove(m, field);
		fields_add(r, m, field, user);
	}
	if (remove)
		fields_remove(m, STR("Authorization"));
	return FILTER_PASS;
}

/* ---- the filter ---- */

static enum filter_verdict
refuse(struct filter_run *r, const struct filter_basic_auth *f)
{
	run_answer(r, WHY_AUTH_REQUIRED, 401);
	run_answer_field(r, STR("Content-Type"), STR("text/plain"));
	run_answer_field(r, STR("WWW-Authenticate"), run_text(r, "Basic realm=\"%.*s\"",
	    STR_ARG(auth_realm(f->realm))));
	run_answer_body(r, STR("401 Unauthorized\n"));
	return FILTER_RESPOND;
}

static enum filter_verdict
busy(struct filter_run *r)
{
	run_answer(r, WHY_AUTH_BUSY, 503);
	run_answer_field(r, STR("Content-Type"), STR("text/plain"));
	run_answer_body(r, run_text(r, "%s\n", WHY_AUTH_BUSY->text));
	return FILTER_RESPOND;
}

/* The thread has it, or had it. */
static enum filter_verdict
go_on(struct filter_run *r, const struct filter_basic_auth *f, struct str user)
{
	struct proof *p = r->held;
	bool fits = p->over && p->fits;

	if (!p->over && r->now_usec < r->until_usec)
		return run_wait(r, r->until_usec);
	r->held = NULL;
	if (!p->over) {
		proof_drop(p);
		return busy(r);
	}
	if (fits && p->marked)
		known_add(r->facts.means->known, &p->mark, r->now_usec);
	proof_free(p);
	return fits ? auth_pass(r, f->header_field, f->remove_header, user) : refuse(r, f);
}

static enum filter_verdict
prove(struct filter_run *r, const struct filter_basic_auth *f, struct str user, struct str hash,
    struct str password)
{
	struct filter_means *means = r->facts.means;
	bool cheap = hash.len > 0 && password_usec(hash) <= PASSWORD_CHEAP_USEC, marked;
	struct known_mark mark;
	struct str slowest;
	struct proof *p;

	if (cheap && password_fits(hash, password))
		return auth_pass(r, f->header_field, f->remove_header, user);
	marked = !cheap && hash.len > 0 && known_mark(means->known, hash, password, &mark);
	if (marked && known_has(means->known, &mark, r->now_usec))
		return auth_pass(r, f->header_field, f->remove_header, user);
	slowest = slowest_hash(&f->users);
	if (password_usec(slowest) <= PASSWORD_CHEAP_USEC)
		return refuse(r, f);
	if ((p = proof_new(r, hash, slowest, password)) == NULL)
		return busy(r);
	if (marked) {
		p->mark = mark;
		p->marked = true;
	}
	if (!jobs_add(means->jobs, &p->job)) {
		proof_free(p);
		return busy(r);
	}
	r->held = p;
	r->drop = proof_drop;
	return run_wait(r, r->now_usec + WAIT_USEC);
}

enum filter_verdict
basic_auth_request(struct filter_run *r, const struct filter_basic_auth *f, uint8_t *note)
{
	struct basic_credentials c;
	struct str hash, user = { "", 0 };
	enum filter_verdict verdict;

	ASSERT(r->facts.means != NULL && f->users.n > 0);
	(void)note;
	if (!basic_read(fields_get(&r->request, STR("Authorization")), &c)
	    || c.password.len > PASSWORD_MAX)
		return refuse(r, f);
	r->user = run_text(r, "%.*s", (int)(c.user.len < 256 ? c.user.len : 256), c.user.p);
	hash = user_hash(&f->users, c.user, &user);
	verdict = r->held != NULL ? go_on(r, f, user) : prove(r, f, user, hash, c.password);
	OPENSSL_cleanse(c.text, sizeof c.text);
	return verdict;
}
