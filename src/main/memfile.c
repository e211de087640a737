#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "main/memfile.h"

#define SEALS	(F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int
memfile_seal(struct str text)
{
	int fd = memfd_create("mola-text", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return -1;
	if (fd_write(fd, text) && fcntl(fd, F_ADD_SEALS, SEALS) == 0)
		return fd;
	close(fd);
	return -1;
}

bool
memfile_read(int fd, struct buf *out)
{
	struct stat st;
	char piece[65536];
	ssize_t n;
	off_t at = 0;

	if ((fcntl(fd, F_GET_SEALS) & SEALS) != SEALS || fstat(fd, &st) != 0)
		return false;
	while ((n = pread(fd, piece, sizeof piece, at)) > 0) {
		if (!buf_add(out, piece, (size_t)n))
			return false;
		at += n;
	}
	return n == 0 && at == st.st_size;
}
