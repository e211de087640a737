/*
 * directory: reads are of all files, writes are of one: beside its place, synced, and moved
 * there, and the folder is synced, too. A name that begins with a dot is never an object's.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/fd.h"
#include "vault/backend.h"
#include "vault/directory.h"
#include "vault/names.h"

#define SUFFIX		".json"
#define FILE_MAX	(4u << 20)		/* bytes */
#define FILE_NAME_MAX	(VAULT_NAME_MAX + 16)

struct directory {
	struct vault	 vault;
	char		*path;
	int		 folder;		/* -1: not open */
	int		 lock;			/* -1: not held */
};

static void
fail(struct directory *d, const struct why *why, const char *step)
{
	char detail[VAULT_DETAIL_MAX];

	snprintf(detail, sizeof detail, "%s: %.150s: %.60s", d->path, step, strerror(errno));
	vault_read_failed(&d->vault, why, detail);
}

/* ---- the folder ---- */

/* False: errno, or `step` alone says what is wrong. */
static bool
folder_open(struct directory *d, const char **step)
{
	struct stat st;

	*step = "cannot be made";
	if (mkdir(d->path, 0700) != 0 && errno != EEXIST)
		return false;
	*step = "cannot be opened";
	d->folder = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (d->folder < 0 || fstat(d->folder, &st) != 0)
		return false;
	*step = "others may write to it; expected mode 0700";
	errno = EPERM;
	return (st.st_mode & 022) == 0;
}

static void
folder_close(struct directory *d)
{
	if (d->lock >= 0)
		close(d->lock);
	if (d->folder >= 0)
		close(d->folder);
	d->lock = d->folder = -1;
}

/* The lock ends with the process, however that ends. */
static bool
folder_lock(struct directory *d)
{
	d->lock = openat(d->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return d->lock >= 0 && flock(d->lock, LOCK_EX | LOCK_NB) == 0;
}

/* Whether the folder and its lock are held; else that is reported as a failed read. */
static bool
folder_hold(struct directory *d)
{
	const char *step;

	if (d->lock >= 0)
		return true;
	if (!folder_open(d, &step))
		fail(d, WHY_STORE_FOLDER, step);
	else if (!folder_lock(d))
		fail(d, errno == EWOULDBLOCK ? WHY_STORE_LOCKED : WHY_STORE_FOLDER, "cannot be locked");
	else
		return true;
	folder_close(d);
	return false;
}

/* ---- reading ---- */

/* A file that others may read or write is none of ours. */
static bool
file_load(struct directory *d, const char *file, struct buf *out)
{
	int fd = openat(d->folder, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char piece[16384];
	struct stat st;
	ssize_t n = -1;

	if (fd < 0)
		return false;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & 077) == 0 &&
	    st.st_uid == geteuid())
		while (!out->full && (n = fd_read(fd, piece, sizeof piece)) > 0)
			buf_add(out, piece, (size_t)n);
	OPENSSL_cleanse(piece, sizeof piece);
	close(fd);
	return n == 0 && !out->full;
}

static void
buf_wipe(struct buf *b)
{
	if (b->len > 0)
		OPENSSL_cleanse(b->p, b->len);
	buf_fini(b);
}

static void
file_read(struct directory *d, const char *file, const char *name)
{
	struct vault_object o;
	json_t *keep = NULL;
	struct buf text;

	buf_init(&text, FILE_MAX);
	if (file_load(d, file, &text) && directory_file_read(buf_str(&text), name, &o, &keep)) {
		vault_view_add(&d->vault, o, o.data, 0);
		OPENSSL_cleanse((char *)o.data.p, o.data.len);
		free((char *)o.data.p);
	} else {
		keep = json_object();
		vault_view_add(&d->vault, (struct vault_object){ .name = name, .id = "damaged",
		    .labels = keep, .why = WHY_STORE_BROKEN }, STR(""), 0);
	}
	json_decref(keep);
	buf_wipe(&text);
}

/* "cert.00.1.json" is the file of cert.00.1; false: it is of none. */
static bool
name_of(const char *file, char name[VAULT_NAME_MAX + 1])
{
	struct str s = str_of(file);

	if (!str_ends(s, STR(SUFFIX)) || s.len - strlen(SUFFIX) > VAULT_NAME_MAX)
		return false;
	s.len -= strlen(SUFFIX);
	str_copy(name, VAULT_NAME_MAX + 1, s);
	return names_is_object(name);
}

static void
read_files(struct vault *s)
{
	struct directory *d = (struct directory *)s;
	char name[VAULT_NAME_MAX + 1];
	struct dirent *e;
	DIR *dir;
	int fd;

	if (!folder_hold(d))
		return;
	fd = openat(d->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		fail(d, WHY_STORE_FOLDER, "cannot be read");
		return;
	}
	errno = 0;
	while ((e = readdir(dir)) != NULL)
		if (name_of(e->d_name, name))
			file_read(d, e->d_name, name);
	if (errno != 0)
		fail(d, WHY_STORE_FOLDER, "cannot be read");
	else
		vault_view_commit(s);
	closedir(dir);
}

bool
directory_is_used(const char *path)
{
	DIR *dir = opendir(path);
	char name[VAULT_NAME_MAX + 1];
	struct dirent *e;
	bool used = false;

	while (dir != NULL && !used && (e = readdir(dir)) != NULL)
		used = name_of(e->d_name, name);
	if (dir != NULL)
		closedir(dir);
	return used;
}

/* ---- writing ---- */

/* Writes a file and puts it in its place. */
static bool
file_store(struct directory *d, const char *name, struct str text)
{
	char file[FILE_NAME_MAX], new[FILE_NAME_MAX];
	bool good;
	int fd;

	snprintf(file, sizeof file, "%s" SUFFIX, name);
	snprintf(new, sizeof new, ".%s.new", name);
	fd = openat(d->folder, new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return false;
	good = fchmod(fd, 0600) == 0 && fd_write(fd, text) && fsync(fd) == 0;
	if (close(fd) != 0 || !good || renameat(d->folder, new, d->folder, file) != 0)
		return false;
	return fsync(d->folder) == 0;
}

static bool
object_store(struct directory *d, const struct vault_object *o)
{
	char *text = directory_file_write(o);
	bool good = file_store(d, o->name, str_of(text));

	OPENSSL_cleanse(text, strlen(text));
	free(text);
	return good;
}

static const struct vault_object *
object_by_id(const struct vault *s, const char *id)
{
	for (unsigned i = 0; i < vault_count(s); i++)
		if (strcmp(vault_at(s, i)->id, id) == 0 && vault_at(s, i)->why == NULL)
			return vault_at(s, i);
	return NULL;
}

static bool
create(struct directory *d, const struct vault_call *c)
{
	unsigned char random[8];
	char id[2 * sizeof random + 1];

	if (RAND_bytes(random, sizeof random) != 1)
		BUG("no random bytes");
	for (unsigned i = 0; i < sizeof random; i++)
		snprintf(id + (size_t)2 * i, 3, "%02x", random[i]);
	return object_store(d, &(struct vault_object){ .name = c->name, .id = id, .version = 1,
	    .created_sec = time(NULL), .labels = c->labels,
	    .data = { c->sealed, c->sealed_bytes } });
}

static bool
relabel(struct directory *d, const struct vault_call *c, struct vault_object o)
{
	o.version++;
	o.labels = c->labels;
	return object_store(d, &o);
}

static bool
remove_file(struct directory *d, const struct vault_object *o)
{
	char file[FILE_NAME_MAX];

	snprintf(file, sizeof file, "%s" SUFFIX, o->name);
	return unlinkat(d->folder, file, 0) == 0 && fsync(d->folder) == 0;
}

/* The view is what is there: nobody else writes. */
static void
write_file(struct vault *s, struct vault_call *c)
{
	struct directory *d = (struct directory *)s;
	const struct vault_object *o = c->write == VAULT_CREATE ? vault_find(s, c->name) :
	    object_by_id(s, c->id);
	bool good = false;

	if (d->lock < 0 || !vault_status(s).ready) {
		vault_call_answered(c, VAULT_ANSWER_UNSURE, WHY_STORE_GONE,
		    "the state directory cannot be used at the moment");
		return;
	}
	if (c->write == VAULT_CREATE ? o != NULL : o == NULL ||
	    (c->write == VAULT_RELABEL && o->version != c->version)) {
		vault_call_answered(c, VAULT_ANSWER_CONFLICT, WHY_STORE_REFUSED, "");
		return;
	}
	switch (c->write) {
	case VAULT_CREATE: good = create(d, c); break;
	case VAULT_RELABEL: good = relabel(d, c, *o); break;
	case VAULT_REMOVE: good = remove_file(d, o); break;
	}
	vault_call_answered(c, good ? VAULT_ANSWER_YES : VAULT_ANSWER_UNSURE,
	    good ? NULL : WHY_STORE_FOLDER, good ? "" : strerror(errno));
}

static void
drop_file(struct vault *s, struct vault_call *c)
{
	(void)s;
	(void)c;
	BUG("a write of a file is never under way");
}

/* ---- life ---- */

static void
free_files(struct vault *s)
{
	struct directory *d = (struct directory *)s;

	vault_fini(s);
	folder_close(d);
	free(d->path);
	free(d);
}

static const struct vault_ops directory_ops = { .kind = "a state directory", .read = read_files,
	.send = write_file, .drop = drop_file, .free = free_files };

struct vault *
directory_new(struct loop *l, const char *path)
{
	struct directory *d = must_zalloc(sizeof *d);

	ASSERT(path[0] == '/');
	vault_init(&d->vault, &directory_ops, l, NULL);
	d->path = must_strdup(path);
	d->folder = d->lock = -1;
	return &d->vault;
}
