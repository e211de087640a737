/*
 * What `mola compare` reads: the head and body of a response of any server, line by line as libcurl gives them, and the routes of
 * something that claims to be Mola. No value of a cookie is kept, and nothing is asked for that is not an address.
 */
#include "cli/compare_fetch.c"
#include "cli/compare_plan.c"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
read_response(struct str in, long status, CURLcode rc)
{
	struct compare_answer a = { .came = false };
	struct compare_reading r = { .answer = &a };
	struct str line;

	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_init(&r.value[i], COMPARE_VALUE_MAX);
	buf_init(&r.cookies, COMPARE_VALUE_MAX);
	buf_init(&r.body, BODY_MAX);
	do {
		const char *end = in.len == 0 ? NULL : memchr(in.p, '\n', in.len);
		line = (struct str){ in.p, end == NULL ? in.len : (size_t)(end - in.p) + 1 };
		in = (struct str){ in.p + line.len, in.len - line.len };
		on_head((char *)(uintptr_t)line.p, 1, line.len, &r);
	} while (r.in_head && in.len > 0);
	if (in.len > 0)
		on_body((char *)(uintptr_t)in.p, 1, in.len, &r);
	answer_make(&r, rc, status);
	ASSERT(a.text[COMPARED_STATUS] != NULL);
	ASSERT(a.text[COMPARED_COOKIES] == NULL || strpbrk(a.text[COMPARED_COOKIES], "=;") == NULL);
	for (int i = 0; i < COMPARED_COUNT; i++)
		buf_fini(&r.value[i]);
	buf_fini(&r.cookies);
	buf_fini(&r.body);
	compare_answer_fini(&a);
}

static void
read_routes(struct str in)
{
	struct compare_plan p = { .way = { true, true }, .no_way = { "", "" }, .any_host = "traefik", .most = 9 };
	json_t *j = json_loadb(in.p, in.len, 0, NULL);

	compare_plan_init(&p, j);
	for (unsigned i = 0; i < p.n; i++)
		ASSERT(host_is_plain(p.address[i].host) && path_is_plain(p.address[i].path));
	compare_plan_fini(&p);
	json_decref(j);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct str in = { (const char *)bytes + 1, len - 1 };

	if (len == 0)
		return 0;
	if (bytes[0] & 1)
		read_routes(in);
	else
		read_response(in, bytes[0] & 2 ? 200 : 0, bytes[0] & 4 ? CURLE_PARTIAL_FILE : CURLE_OK);
	return 0;
}
