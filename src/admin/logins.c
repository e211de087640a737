/*
 * Tokens are compared in the time that the longest takes, whichever fits. A wrong password takes
 * as long as the slowest hash, whether there is such a user or not; one that fits is remembered
 * for some minutes, as a keyed digest.
 */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "admin/logins.h"
#include "base/alloc.h"
#include "base/bug.h"
#include "base/credentials.h"
#include "base/jobs.h"
#include "base/known.h"
#include "base/password.h"
#include "net/ip.h"

#define PROOFS_MOST	64
#define NAME_OF_TOKEN	"admin"		/* of admin.token, which has no name */

struct logins {
	struct loop	*loop;
	struct jobs	*jobs;
	struct io	 io;
	struct known	*known;
	login_f		*done;
	void		*arg;
};

/* A password to be looked at by the thread. */
struct proof {
	struct job	 job;
	struct logins	*logins;
	struct request	*request;
	struct login	 login;		/* if it fits */
	struct known_mark mark;
	bool		 marked, fits;
	struct str	 hash, slowest, password;	/* hash empty: there is no such user */
	char		 text[];	/* of all three */
};

/* ---- tokens ---- */

/* Takes the same time however much of the token is right. */
static bool
token_matches(const char *token, struct str given)
{
	size_t len = strlen(token);
	unsigned char differ = len != given.len;

	ASSERT(len > 0);		/* or every request would be allowed to write */
	for (size_t i = 0; i < given.len; i++)
		differ |= (unsigned char)(given.p[i] ^ token[i % len]);
	return differ == 0;
}

static bool
has_scope(const struct conf_admin_token *t, const char *scope)
{
	for (unsigned i = 0; i < t->scopes.n; i++)
		if (strcmp(t->scopes.item[i], scope) == 0)
			return true;
	return false;
}

static void
name_set(struct login *l, struct str name)
{
	str_copy(l->user, sizeof l->user, name);
	for (char *c = l->user; *c != '\0'; c++)
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
}

static void
token_check(const struct conf *c, struct str given, struct login *out)
{
	const struct conf_admin_token *t;

	*out = (struct login){ .state = LOGIN_WRONG };
	if (c->admin_token != NULL && token_matches(c->admin_token, given)) {
		*out = (struct login){ .state = LOGIN_FITS, .read = true, .write = true };
		name_set(out, STR(NAME_OF_TOKEN));
	}
	for (unsigned i = 0; i < c->nadmin_tokens; i++) {
		t = &c->admin_tokens[i];
		if (!token_matches(t->token, given))
			continue;
		*out = (struct login){ .state = LOGIN_FITS, .read = has_scope(t, "read"),
		    .write = has_scope(t, "write") };
		name_set(out, str_of(t->name));
	}
}

bool
logins_has_token(const struct conf *c, const char *scope)
{
	bool has = c->admin_token != NULL;

	for (unsigned i = 0; i < c->nadmin_tokens; i++)
		has |= has_scope(&c->admin_tokens[i], scope);
	return has;
}

/* ---- passwords ---- */

static struct str
hash_of(const struct conf_list *users, struct str name)
{
	struct str hash, user;

	for (unsigned i = 0; i < users->n; i++) {
		hash = str_of(users->item[i]);
		if (str_split(&hash, ':', &user) && str_eq(user, name))
			return hash;
	}
	return STR("");
}

static struct str
slowest_of(const struct conf_list *users)
{
	struct str slowest = STR("");

	for (unsigned i = 0; i < users->n; i++)
		password_slower(str_of(users->item[i]), &slowest);
	return slowest;
}

static void
proof_work(struct job *j)
{
	struct proof *p = (struct proof *)j;

	p->fits = password_fits_as_slow(p->hash, p->slowest, p->password);
}

static void
proof_end(struct proof *p, const struct login *login)
{
	struct logins *l = p->logins;
	struct request *req = p->request;
	struct login copy = *login;

	OPENSSL_cleanse(p->text, p->hash.len + p->slowest.len + p->password.len);
	free(p);
	l->done(l->arg, req, &copy);
}

static void
proof_done(struct job *j)
{
	struct proof *p = (struct proof *)j;

	if (p->fits && p->marked)
		known_add(p->logins->known, &p->mark, loop_now(p->logins->loop));
	proof_end(p, p->fits ? &p->login : &(struct login){ .state = LOGIN_WRONG });
}

static void
proof_drop(struct job *j)
{
	proof_end((struct proof *)j, &(struct login){ .state = LOGIN_BUSY });
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
whose(const struct request *req)
{
	struct ip ip = ip_of(request_peer(req));

	return str_hash((struct str){ (const char *)ip.b, ip_is_v4(&ip) ? sizeof ip.b : 8 });
}

static struct proof *
proof_new(struct logins *l, struct request *req, struct str hash, struct str slowest,
    struct str password)
{
	struct proof *p = must_zalloc(sizeof *p + hash.len + slowest.len + password.len);
	char *at = p->text;

	p->logins = l;
	p->request = req;
	p->job = (struct job){ .work = proof_work, .done = proof_done, .free = proof_drop,
	    .whose = whose(req) };
	p->hash = keep(&at, hash);
	p->slowest = keep(&at, slowest);
	p->password = keep(&at, password);
	return p;
}

/* True: *out has it; or the thread is to find out. */
static bool
password_check(struct logins *l, const struct conf *c, struct request *req,
    const struct basic_credentials *given, struct login *out)
{
	struct str hash = hash_of(&c->admin_users, given->user), slowest = slowest_of(&c->admin_users);
	bool cheap = hash.len > 0 && password_usec(hash) <= PASSWORD_CHEAP_USEC, marked;
	struct login fits = { .state = LOGIN_FITS, .read = true };
	struct known_mark mark;
	struct proof *p;

	name_set(&fits, given->user);
	*out = (struct login){ .state = LOGIN_WRONG };
	marked = !cheap && hash.len > 0 && known_mark(l->known, hash, given->password, &mark);
	if ((cheap && password_fits(hash, given->password)) ||
	    (marked && known_has(l->known, &mark, loop_now(l->loop)))) {
		*out = fits;
		return true;
	}
	if (slowest.len == 0 || password_usec(slowest) <= PASSWORD_CHEAP_USEC)
		return true;
	p = proof_new(l, req, hash, slowest, given->password);
	p->login = fits;
	if ((p->marked = marked))
		p->mark = mark;
	if (jobs_add(l->jobs, &p->job))
		return false;
	OPENSSL_cleanse(p->text, hash.len + slowest.len + given->password.len);
	free(p);
	out->state = LOGIN_BUSY;
	return true;
}

/* ---- requests ---- */

/* One field; of several, which one is meant is not clear. */
static enum login_state
field_find(const struct request *req, struct str *value)
{
	const struct message *h = request_head(req);
	unsigned n = 0;

	for (int i = 0; i < h->nfields; i++)
		if (str_eq_nocase(h->field[i].name, STR("Authorization"))) {
			*value = str_trim(h->field[i].value);
			n++;
		}
	return n == 0 ? LOGIN_NONE : n == 1 ? LOGIN_FITS : LOGIN_WRONG;
}

bool
logins_check(struct logins *l, const struct conf *c, struct request *req, bool passwords,
    struct login *out)
{
	struct basic_credentials given;
	struct str value;
	bool known = true;

	*out = (struct login){ .state = field_find(req, &value) };
	if (out->state != LOGIN_FITS)
		return true;
	out->state = LOGIN_WRONG;
	if (value.len > 7 && str_eq_nocase((struct str){ value.p, 7 }, STR("Bearer ")))
		token_check(c, str_trim((struct str){ value.p + 7, value.len - 7 }), out);
	else if (value.len > 6 && str_eq_nocase((struct str){ value.p, 6 }, STR("Basic "))) {
		if (!passwords)
			out->state = LOGIN_NONE;
		else if (basic_read(value, &given) && given.password.len <= PASSWORD_MAX)
			known = password_check(l, c, req, &given, out);
		OPENSSL_cleanse(&given, sizeof given);
	}
	return known;
}

static void
on_jobs(void *arg, uint32_t events)
{
	struct logins *l = arg;

	(void)events;
	jobs_turn(l->jobs);
}

struct logins *
logins_new(struct loop *loop, login_f *done, void *arg)
{
	struct logins *l = must_zalloc(sizeof *l);

	l->loop = loop;
	l->done = done;
	l->arg = arg;
	l->known = known_new();
	l->jobs = jobs_new(PROOFS_MOST);
	l->io.fd = -1;
	if (jobs_fd(l->jobs) >= 0)
		loop_watch(loop, &l->io, jobs_fd(l->jobs), LOOP_LEVEL, on_jobs, l);
	return l;
}

void
logins_free(struct logins **lp)
{
	struct logins *l = *lp;

	*lp = NULL;
	if (l->io.fd >= 0)
		loop_unwatch(l->loop, &l->io);
	jobs_free(&l->jobs);
	known_free(&l->known);
	free(l);
}
