/*
 * The server that responds to a verb of the command line may be any: bytes become a table, sentences or an error, and none
 * of them that could control the terminal reaches it. The first byte chooses the verb and the status.
 */
#include <curl/curl.h>

/* The network is this file's: what is between here and there is libcurl's. */
static CURLcode	fuzz_perform(void);
static long	fuzz_status;
static void	*fuzz_into;
#undef curl_easy_setopt
#undef curl_easy_getinfo
#define curl_easy_setopt(c, what, value) ((void)(c), (what) == CURLOPT_WRITEDATA ? (void)(fuzz_into = (void *)(uintptr_t)(value)) : (void)0)
#define curl_easy_getinfo(c, what, out) (*(out) = fuzz_status)
#define curl_easy_perform(c) fuzz_perform()

#include "cli/api.c"
#include "base/bug.h"

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct str received;

static CURLcode
fuzz_perform(void)
{
	return on_bytes((char *)(uintptr_t)received.p, 1, received.len, fuzz_into) == received.len ? CURLE_OK : CURLE_WRITE_ERROR;
}

#define FUZZ_VERB(name) { #name, name ## _main }

static void
check_screen(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		ASSERT(text[i] == '\n' || (unsigned char)text[i] >= ' ');
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	static const struct { const char *name; int (*main)(int, char **); } verbs[] = { FUZZ_VERB(nodes), FUZZ_VERB(services),
		FUZZ_VERB(tasks), FUZZ_VERB(why), FUZZ_VERB(targets), FUZZ_VERB(events), FUZZ_VERB(config) };
	static char screen[1 << 20];
	char *argv[] = { NULL, (char *)"web", (char *)"web.1", NULL };
	FILE *out = stdout, *err = stderr;
	unsigned verb;

	if (len == 0)
		return 0;
	verb = (bytes[0] & 0x3f) % 7;
	fuzz_status = bytes[0] & 0x80 ? 404 : 200;
	received = (struct str){ (const char *)bytes + 1, len - 1 };
	argv[0] = (char *)(uintptr_t)verbs[verb].name;
	stdout = stderr = fmemopen(screen, sizeof screen, "w");
	ASSERT(stdout != NULL);
	verbs[verb].main(strcmp(argv[0], "why") != 0 ? 1 : bytes[0] & 0x40 ? 3 : 2, argv);
	fflush(stdout);
	check_screen(screen, (size_t)ftell(stdout));
	fclose(stdout);
	stdout = out;
	stderr = err;
	return 0;
}
