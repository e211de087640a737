/*
 * assets: files with an ETag, which clients ask for again each time, and compressed where they take
 * that. The page may load nothing but these files and talk to nobody but this interface.
 */
#include <stdio.h>

#include "admin/assets.h"
#include "base/bug.h"

#define FIELDS \
    "Cache-Control: no-cache\r\n" \
    "X-Content-Type-Options: nosniff\r\n" \
    "Referrer-Policy: no-referrer\r\n" \
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; " \
    "connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; " \
    "frame-ancestors 'none'\r\n"

static const char folder[] = "/web/", page[] = "index.html";

static const struct web_file *
file_of(struct str name)
{
	for (size_t i = 0; i < web_nfiles; i++)
		if (str_eq(name, str_of(web_files[i].name)))
			return &web_files[i];
	return NULL;
}

const struct web_file *
asset_find(struct str path)
{
	if (!str_starts(path, STR(folder)))
		return NULL;
	return file_of((struct str){ path.p + sizeof folder - 1, path.len - (sizeof folder - 1) });
}

/* Whether a field of the request, such as Accept, lists the word, and not with a weight of 0. */
static bool
field_lists(const struct request *req, struct str name, struct str word)
{
	const struct message *h = request_head(req);
	struct str value, item, part;
	double weight;

	for (int i = 0; i < h->nfields; i++) {
		value = h->field[i].value;
		while (str_eq_nocase(h->field[i].name, name) && str_split(&value, ',', &item)) {
			if (!str_split(&item, ';', &part) || !str_eq_nocase(str_trim(part), word))
				continue;
			weight = 1;
			while (str_split(&item, ';', &part)) {
				part = str_trim(part);
				if (part.len > 2 && str_eq_nocase((struct str){ part.p, 2 }, STR("q=")) &&
				    !str_to_double((struct str){ part.p + 2, part.len - 2 }, &weight))
					weight = 0;
			}
			if (weight > 0)
				return true;
		}
	}
	return false;
}

/* If-None-Match: the same bytes in either coding are the same file. */
static bool
client_has(const struct request *req, const struct web_file *f)
{
	static const char *const forms[] = { "\"%s\"", "W/\"%s\"", "\"%s-gzip\"", "W/\"%s-gzip\"" };
	char tag[64];

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		snprintf(tag, sizeof tag, forms[i], f->sum);
		if (field_lists(req, STR("If-None-Match"), str_of(tag)))
			return true;
	}
	return false;
}

bool
asset_page_wanted(const struct request *req)
{
	return field_lists(req, STR("Accept"), STR("text/html"));
}

static void
file_reply(struct request *req, const struct web_file *f, const char *vary)
{
	bool gzip = field_lists(req, STR("Accept-Encoding"), STR("gzip"));
	char fields[640];
	int len;

	len = snprintf(fields, sizeof fields, FIELDS "ETag: \"%s%s\"\r\nVary: %s\r\n%s", f->sum,
	    gzip ? "-gzip" : "", vary, gzip ? "Content-Encoding: gzip\r\n" : "");
	ASSERT(len > 0 && (size_t)len < sizeof fields);
	if (client_has(req, f))
		request_reply(req, 304, NULL, STR(""), fields);
	else
		request_reply(req, 200, f->type, gzip ? f->gzip : f->plain, fields);
}

void
asset_reply(struct request *req, const struct web_file *f)
{
	file_reply(req, f, "Accept-Encoding");
}

void
asset_reply_page(struct request *req)
{
	const struct web_file *f = file_of(STR(page));

	ASSERT(f != NULL);		/* tools/embed sees to that */
	file_reply(req, f, "Accept, Accept-Encoding");
}
