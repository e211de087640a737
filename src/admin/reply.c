/*
 * reply: how this interface responds: never to be kept, and errors as {"error": TEXT}.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/pages.h"
#include "admin/reply.h"
#include "admin/view.h"
#include "base/bug.h"

void
reply_text(struct request *req, int status, const char *type, struct str body, const char *fields)
{
	char all[256];

	snprintf(all, sizeof all, PAGES_FIELDS "%s", fields == NULL ? "" : fields);
	request_reply(req, status, type, body, all);
}

void
reply_json(struct request *req, int status, json_t *j, const char *fields)
{
	char *text = json_dumps(j, VIEW_JSON);

	ASSERT(text != NULL);
	reply_text(req, status, "application/json", str_of(text), fields);
	free(text);
	json_decref(j);
}

void
reply_error(struct request *req, int status, const char *error, const char *fields)
{
	reply_json(req, status, json_pack("{s:s}", "error", error), fields);
}

/* The name is the client's: any bytes. */
void
reply_absent(struct request *req, const char *what, const char *name)
{
	char error[400];
	bool fit = strlen(name) < 256;

	for (const char *c = name; *c != '\0'; c++)
		fit &= *c >= ' ' && *c < 0x7f;
	if (fit)
		snprintf(error, sizeof error, "there is no %s '%s'", what, name);
	else
		snprintf(error, sizeof error, "there is no such %s", what);
	reply_error(req, 404, error, NULL);
}
