#include <jansson.h>
#include <string.h>

#include "base/bug.h"
#include "base/escape.h"
#include "tracing/otlp.h"

static void
put_attribute(struct buf *b, const char *key, const char *value)
{
	char shown[512];

	buf_printf(b, "%s{\"key\":\"%s\",\"value\":{\"stringValue\":\"",
	    b->p[b->len - 1] == '[' ? "" : ",", key);
	buf_adds(b, (struct str){ shown, escape_text(shown, sizeof shown, str_of(value), ESCAPE_LOG,
	    NULL) });
	buf_adds(b, STR("\"}}"));
}

bool
otlp_write(struct buf *b, const struct otlp_resource *r, struct str spans)
{
	struct str line;
	bool first = true;

	buf_adds(b, STR("{\"resourceSpans\":[{\"resource\":{\"attributes\":["));
	put_attribute(b, "service.name", r->service);
	put_attribute(b, "service.version", r->version);
	put_attribute(b, "host.name", r->host);
	buf_printf(b, "]},\"scopeSpans\":[{\"scope\":{\"name\":\"mola\",\"version\":\"%s\"},\"spans\":[",
	    r->version);
	while (str_split(&spans, '\n', &line)) {
		if (line.len == 0)
			continue;
		buf_adds(b, first ? STR("") : STR(","));
		buf_adds(b, line);
		first = false;
	}
	return buf_adds(b, STR("]}]}]}"));
}

enum otlp_outcome
otlp_judge(long status)
{
	if (status >= 200 && status <= 299)
		return OTLP_TAKEN;
	return status == 0 || status == 429 || status == 502 || status == 503 || status == 504 ?
	    OTLP_AGAIN : OTLP_REFUSED;
}

int
otlp_retry_after(struct str value, int most)
{
	uint64_t n;

	ASSERT(most > 0);
	if (!str_to_u64(str_trim(value), &n))
		return -1;
	return n > (uint64_t)most ? most : (int)n;
}

uint64_t
otlp_rejected(struct str body, char text[OTLP_TEXT_MAX])
{
	json_t *root = json_loadb(body.p, body.len, 0, NULL);
	const json_t *partial = json_object_get(root, "partialSuccess");
	const json_t *n = json_object_get(partial, "rejectedSpans");
	const char *why = json_string_value(json_object_get(partial, "errorMessage"));
	uint64_t count = 0;

	text[0] = '\0';
	/* 64 bits are text in JSON; some write a number all the same */
	if (json_is_integer(n) && json_integer_value(n) > 0)
		count = (uint64_t)json_integer_value(n);
	else if (json_is_string(n) && !str_to_u64(str_of(json_string_value(n)), &count))
		count = 0;
	if (why != NULL)
		str_copy(text, OTLP_TEXT_MAX, str_of(why));
	json_decref(root);
	return count;
}
