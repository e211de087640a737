/*
 * certs_file: files to what travels to workers. A key is copied into memory that is wiped when it
 * is freed, and nowhere else. Must not know what is in force.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/fd.h"
#include "certs/certs_priv.h"
#include "net/ca.h"

#define FILE_MAX	(1 << 20)	/* bytes: bundles of all public CAs have some 200 KiB */

/* ---- texts ---- */

struct pem
pem_copy(struct str s)
{
	struct pem p = { must_alloc(s.len + 1), s.len };

	if (s.len > 0)
		memcpy(p.p, s.p, s.len);
	p.p[s.len] = '\0';
	return p;
}

void
pem_free(struct pem *p)
{
	if (p->p != NULL)
		explicit_bzero(p->p, p->len);
	free(p->p);
	*p = (struct pem){ 0 };
}

void
content_free(struct content *c)
{
	pem_free(&c->pem);
	cert_unref(&c->cert);
	c->ncas = 0;
}

/* ---- files ---- */

static bool
read_whole(int fd, struct pem *out)
{
	char *p = must_alloc(FILE_MAX + 1);
	size_t len = 0;
	ssize_t n = -1;

	while (len <= FILE_MAX && (n = fd_read(fd, p + len, FILE_MAX + 1 - len)) > 0)
		len += (size_t)n;
	if (len > FILE_MAX)
		errno = EFBIG;
	else if (n == 0)
		*out = pem_copy((struct str){ p, len });
	explicit_bzero(p, len);
	free(p);
	return out->p != NULL;
}

static const struct why *
file_read(const char *path, struct pem *out, char *detail)
{
	/* a pipe or a device would be waited for */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	bool regular = false, good = false;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		regular = S_ISREG(st.st_mode);
		good = regular && read_whole(fd, out);
	}
	if (!good)
		snprintf(detail, CERTS_DETAIL_MAX, "%.150s: %s", path,
		    fd >= 0 && !regular ? "not a regular file" : errno == EFBIG ? "larger than 1 MiB" :
		    strerror(errno));
	if (fd >= 0)
		close(fd);
	return good ? NULL : WHY_CERT_FILE;
}

/* ---- what is in them ---- */

const struct why *
content_parse(struct str pem, enum item_kind kind, struct content *out,
    char detail[CERTS_DETAIL_MAX])
{
	char inside[CERT_DETAIL_MAX] = "";
	struct content c = { .cert = NULL };
	const struct why *why = kind == ITEM_CA ? ca_check(pem, &c.ncas, inside) :
	    cert_parse(pem, &c.cert, inside);

	if (why != NULL) {
		snprintf(detail, CERTS_DETAIL_MAX, "%s", inside);
		return why;
	}
	ASSERT((kind == ITEM_CA) == (c.cert == NULL));
	c.pem = pem_copy(pem);
	*out = c;
	return NULL;
}

/*
 * The private keys of a PEM text, to follow the certificates of another file: a key's file may
 * have the certificates, too. `out` has room for the whole text. Returns the bytes that were
 * written.
 */
static size_t
keys_copy(struct str text, char *out)
{
	static const struct str end = { "PRIVATE KEY-----", 16 };
	struct str rest = text, line;
	bool inside = false;
	size_t n = 0;

	while (str_split(&rest, '\n', &line)) {
		struct str bare = line;

		while (bare.len > 0 && (bare.p[bare.len - 1] == '\r' || bare.p[bare.len - 1] == ' '))
			bare.len--;
		if (str_starts(bare, STR("-----BEGIN ")) && str_ends(bare, end))
			inside = true;
		if (inside && n + line.len + 1 <= text.len + 1) {
			memcpy(out + n, line.p, line.len);
			n += line.len;
			out[n++] = '\n';
		}
		if (str_starts(bare, STR("-----END ")))
			inside = false;
	}
	return n;
}

static struct pem
pem_join(const struct pem *cert, const struct pem *key)
{
	struct pem p = { must_alloc(cert->len + key->len + 3), 0 };

	memcpy(p.p, cert->p, cert->len);
	p.len = cert->len;
	p.p[p.len++] = '\n';
	p.len += keys_copy(pem_str(key), p.p + p.len);
	p.p[p.len] = '\0';
	return p;
}

/* The key's file names the certificate's in what is wrong, and so does the other way round: both
 * are part of it. */
static void
pair_name(const struct source_files *f, const struct why *why, char *detail)
{
	char inside[CERTS_DETAIL_MAX];

	if (why != WHY_CERT_KEY_WRONG && why != WHY_CERT_NO_KEY && why != WHY_CERT_KEY_ENCRYPTED &&
	    why != WHY_CERT_KEY_KIND && why != WHY_CERT_KEY_SYNTAX)
		return;
	snprintf(inside, sizeof inside, "%s", detail);
	snprintf(detail, CERTS_DETAIL_MAX, "%.100s%s%.100s", f->key_file, *inside == '\0' ? "" : ": ",
	    inside);
}

static const struct why *
pair_read(const struct source_files *f, const struct pem *cert, struct content *out, char *detail)
{
	struct pem key = { 0 }, both;
	const struct why *why = file_read(f->key_file, &key, detail);

	if (why != NULL)
		return why;
	both = pem_join(cert, &key);
	why = content_parse(pem_str(&both), ITEM_CERT, out, detail);
	if (why != NULL)
		pair_name(f, why, detail);
	pem_free(&both);
	pem_free(&key);
	return why;
}

const struct why *
content_read(const struct source_files *f, enum item_kind kind, struct content *out,
    char detail[CERTS_DETAIL_MAX])
{
	struct pem text = { 0 };
	const struct why *why;

	ASSERT(f->file != NULL && (f->key_file == NULL || kind == ITEM_CERT));
	*detail = '\0';
	if ((why = file_read(f->file, &text, detail)) != NULL)
		return why;
	why = f->key_file != NULL ? pair_read(f, &text, out, detail) :
	    content_parse(pem_str(&text), kind, out, detail);
	pem_free(&text);
	return why;
}
