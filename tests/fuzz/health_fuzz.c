/* What a task responds to a health check: its head, a call of gRPC, where a redirect leads. */
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/bug.h"
#include "base/form.h"
#include "proxy/health_read.h"

#define FIELDS	64

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
redirect(struct str location)
{
	static const struct redirect_from from = { false, { "10.0.0.1:81", 11 }, { "app.example", 11 }, { "/a/health?x", 11 } };
	char *target = NULL;

	if (check_read_redirect(&from, location, &target) == REDIRECT_HERE)
		ASSERT(target != NULL && form_path(str_of(target)));
	else
		ASSERT(target == NULL);
	free(target);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct field field[FIELDS];
	struct message m = { .limits = { 16384, FIELDS }, .field = field };
	char *text = must_alloc(len + 1);
	bool serving = false;
	size_t used;

	memcpy(text, bytes, len);
	if (check_read_head(&m, text, &len, &used) == PARSE_DONE) {
		ASSERT(used <= len && (m.status >= 200 || m.status == 101));
		for (int i = 0; i < m.nfields; i++)
			redirect(m.field[i].value);
		check_read_grpc(&m, text + used, len - used, &serving);
	}
	free(text);
	return 0;
}
