/*
 * atomic_file: create, write, fsync, rename, fsync the folder. A process that dies on the way
 * leaves the old file in force, and beside it a file whose name begins with a dot, which no proxy
 * reads; the next write reuses it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bug.h"
#include "base/fd.h"
#include "targets/atomic_file.h"

struct file_paths {
	char	folder[4096], new[4096 + 16];
};

static bool
paths_make(const char *path, struct file_paths *n)
{
	const char *slash = strrchr(path, '/');
	int folder;

	ASSERT(path[0] == '/');
	folder = (int)(slash - path);
	if (slash[1] == '\0' || (size_t)folder >= sizeof n->folder)
		return false;
	snprintf(n->folder, sizeof n->folder, "%.*s", folder == 0 ? 1 : folder, path);
	return (size_t)snprintf(n->new, sizeof n->new, "%.*s/.%s.new", folder, path,
	    slash + 1) < sizeof n->new;
}

/* A program that may read the old file may read the new one. */
static bool
mode_copy(int fd, const char *path)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return fchmod(fd, 0644) == 0;
	if (fchown(fd, st.st_uid, st.st_gid) != 0 && errno != EPERM)
		return false;
	return fchmod(fd, st.st_mode & 0777) == 0;
}

/* The id is that of the file that was written, whatever has its name by now. NULL: done; else the
 * step that failed, with errno. */
static const char *
file_create(const char *new, const char *path, struct str text, struct stat *st)
{
	int fd = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	const char *step = NULL;

	if (fd < 0)
		return "open";
	if (!fd_write(fd, text))
		step = "write";
	else if (!mode_copy(fd, path))
		step = "mode";
	else if (fsync(fd) != 0 || fstat(fd, st) != 0)
		step = "fsync";
	if (close(fd) != 0 && step == NULL)
		step = "close";
	return step;
}

/* A rename is on the disk when the folder is. Where folders cannot be synced, only that guarantee
 * is lost. */
static void
folder_sync(const char *folder)
{
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}

static const struct why *
step_failed(const char *step, const char *name, char *detail)
{
	/* what a container gets whose volume is the file alone */
	const char *hint = errno == EBUSY || errno == EXDEV ? "; mount the folder, not the file" : "";

	snprintf(detail, FILE_DETAIL_MAX, "%s %.120s: %.40s%s", step, name, strerror(errno), hint);
	return WHY_PROXY_FILE;
}

const struct why *
atomic_file_write(const char *path, struct str text, struct atomic_file_id *id,
    char detail[FILE_DETAIL_MAX])
{
	struct file_paths n;
	struct stat st;
	const char *step;

	ASSERT(text.len > 0);
	errno = ENAMETOOLONG;
	if (!paths_make(path, &n))
		return step_failed("name", path, detail);
	if ((step = file_create(n.new, path, text, &st)) != NULL)
		return step_failed(step, n.new, detail);
	if (rename(n.new, path) != 0)
		return step_failed("rename to", path, detail);
	*id = (struct atomic_file_id){ st.st_dev, st.st_ino, st.st_size, st.st_mtim };
	folder_sync(n.folder);
	return NULL;
}

bool
atomic_file_read(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	bool good = fd >= 0 && fd_read_all(fd, out);

	if (fd >= 0)
		close(fd);
	return good;
}

bool
atomic_file_is_same(const struct atomic_file_id *m, const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && st.st_dev == m->dev && st.st_ino == m->ino && st.st_size == m->bytes
	    && st.st_mtim.tv_sec == m->changed.tv_sec && st.st_mtim.tv_nsec == m->changed.tv_nsec;
}
