/*
 * Section admin: who may log in, and whether that is sound as a whole. What stands in files of
 * their own is read here, as if it stood in the configuration. No token and nothing of a user is
 * ever quoted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/password.h"
#include "conf/conf_check.h"
#include "conf/conf_type.h"

#define IN		"admin"
#define USERS_MAX	256
#define USERS_FILE_MAX	65536		/* bytes */
#define USER_MAX	1024		/* bytes of name and hash */

static const char *const scope_words[] = { "read", "write", NULL };

static bool
read_scope(const struct conf_key *k, struct str s, void *member, char *problem)
{
	(void)k;
	return word_of(s, scope_words, problem) >= 0 && list_append(member, s, problem);
}

static bool
has_user(const struct conf_list *users, struct str name)
{
	struct str rest, other;

	for (unsigned i = 0; i < users->n; i++) {
		rest = str_of(users->item[i]);
		if (str_split(&rest, ':', &other) && str_eq(name, other))
			return true;
	}
	return false;
}

/* The text may be wrong in that its name is the password. */
static bool
read_user(const struct conf_key *k, struct str s, void *member, char *problem)
{
	struct conf_list *users = member;
	struct str hash = s, name;

	(void)k;
	if (users->n == USERS_MAX)
		return problem_set(problem, "more than %d users", USERS_MAX);
	if (s.len > USER_MAX || !str_split(&hash, ':', &name) || name.len == 0 || hash.len == 0 ||
	    memchr(s.p, '\0', s.len) != NULL)
		return problem_set(problem, "user %u is not understood; expected NAME:HASH, as htpasswd writes "
		    "it", users->n + 1);
	if (str_starts(hash, STR("$$")))
		return problem_set(problem, "the hash of user %u begins with $$, which is how files of stacks "
		    "write $; expected it once", users->n + 1);
	if (password_usec(hash) == 0)
		return problem_set(problem, "the hash of user %u is not understood; expected one of bcrypt (up "
		    "to cost 15), MD5 (apr1) or SHA, as htpasswd writes them", users->n + 1);
	if (has_user(users, name))
		return problem_set(problem, "user %u has the name of one before; expected each name once",
		    users->n + 1);
	users->item = must_realloc(users->item, (users->n + 1) * sizeof *users->item);
	users->item[users->n++] = str_dup(s);
	return true;
}

const struct conf_type
	type_SCOPES = { read_scope, NULL, KIND_LIST, false, NULL },
	type_USERS = { read_user, NULL, KIND_SECRETS, false, NULL };

/* ---- files ---- */

static void
token_file_read(const char *file, char **token, int line, const char *where, struct faults *f)
{
	char text[512], problem[CONF_PROBLEM_MAX];
	struct str first;

	if (!secret_file_read(file, text, sizeof text, &first, problem, sizeof problem))
		faults_add(f, line, where, "'%.200s' %s", file, problem);
	else if (!token_read(first, token, problem))
		faults_add(f, line, where, "'%.200s' is %s in its first line", file, problem);
	explicit_bzero(text, sizeof text);
}

/* As htpasswd writes it; empty lines and comments are passed over. */
static void
users_file_take(struct conf *c, struct str text, int line, struct faults *f)
{
	char problem[CONF_PROBLEM_MAX];
	unsigned in_file = 0;
	struct str one;

	while (str_split(&text, '\n', &one)) {
		in_file++;
		if (one.len > 0 && one.p[one.len - 1] == '\r')
			one.len--;
		one = str_trim(one);
		if (one.len == 0 || one.p[0] == '#')
			continue;
		if (!read_user(NULL, one, &c->admin_users, problem)) {
			faults_add(f, line, IN ".users_file", "'%.200s', line %u: %s", c->admin_users_file, in_file,
			    problem);
			return;
		}
	}
}

static void
users_file_read(struct conf *c, int line, struct faults *f)
{
	char *text = must_alloc(USERS_FILE_MAX + 1);
	FILE *file = fopen(c->admin_users_file, "re");
	size_t len = file == NULL ? 0 : fread(text, 1, USERS_FILE_MAX + 1, file);

	if (file == NULL || ferror(file))
		faults_add(f, line, IN ".users_file", "'%.200s' cannot be read: %s", c->admin_users_file,
		    strerror(errno));
	else if (len > USERS_FILE_MAX)
		faults_add(f, line, IN ".users_file", "'%.200s' is larger than %d KiB", c->admin_users_file,
		    USERS_FILE_MAX / 1024);
	else
		users_file_take(c, (struct str){ text, len }, line, f);
	if (file != NULL)
		fclose(file);
	explicit_bzero(text, len);
	free(text);
}

/* ---- together ---- */

/* Which one a request has must be clear. */
static void
token_once(const struct conf *c, unsigned at, struct faults *f)
{
	const struct conf_admin_token *t = &c->admin_tokens[at], *other;

	for (unsigned i = 0; i < at; i++) {
		other = &c->admin_tokens[i];
		if (t->name != NULL && other->name != NULL && strcmp(t->name, other->name) == 0)
			faults_add(f, t->line, IN ".tokens.name", "'%s' is already used in line %d; expected a unique "
			    "one", t->name, other->line);
		if (t->token != NULL && other->token != NULL && strcmp(t->token, other->token) == 0)
			faults_add(f, t->line, IN ".tokens.token", "it is the same as that of line %d; expected a "
			    "unique one", other->line);
	}
	if (t->token != NULL && c->admin_token != NULL && strcmp(t->token, c->admin_token) == 0)
		faults_add(f, t->line, IN ".tokens.token", "it is the same as " IN ".token; expected a unique "
		    "one");
}

/* Then what is wrong with it was said. */
static bool
names_token(const struct tree *root, unsigned at)
{
	const struct tree *t = tree_find(tree_find(root, NULL, IN), NULL, "tokens");

	if (t->shape == TREE_LIST)
		for (t = t->first; at > 0; at--)
			t = t->next;
	return t->shape != TREE_MAP || tree_find(t, NULL, "token") != NULL;
}

static void
tokens_check(struct conf *c, const struct tree *root, struct faults *f)
{
	for (unsigned i = 0; i < c->nadmin_tokens; i++) {
		struct conf_admin_token *t = &c->admin_tokens[i];
		if (t->token != NULL && t->token_file != NULL)
			faults_add(f, t->line, IN ".tokens.token_file", "set together with token; expected one of "
			    "them");
		else if (t->token_file != NULL)
			token_file_read(t->token_file, &t->token, t->line, IN ".tokens.token_file", f);
		else if (t->token == NULL && !names_token(root, i))
			faults_add(f, t->line, IN ".tokens", "no token; expected token or token_file");
		token_once(c, i, f);
	}
}

void
admin_check(struct conf *c, const struct tree *root, struct faults *f)
{
	int line = conf_line(root, IN, "token_file");
	const struct tree *admin = tree_find(root, NULL, IN);

	c->admin_socket_given = admin != NULL && admin->shape == TREE_MAP &&
	    tree_find(admin, NULL, "socket") != NULL;
	if (c->admin_token_file != NULL && c->admin_token != NULL)
		faults_add(f, line, IN ".token_file", "set together with " IN ".token; expected one of them");
	else if (c->admin_token_file != NULL)
		token_file_read(c->admin_token_file, &c->admin_token, line, IN ".token_file", f);
	tokens_check(c, root, f);
	if (c->admin_users_file != NULL)
		users_file_read(c, conf_line(root, IN, "users_file"), f);
}
