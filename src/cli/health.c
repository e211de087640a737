/*
 * `mola health`: is the Mola (or the agent) at that address well? For health checks of containers, whose image holds no
 * other program that could ask. Balancer and agent answer alike under /healthz, in words.
 */
#include <stdio.h>
#include <string.h>

#include "cli/ask.h"
#include "cli/cli.h"
#include "cli/sheet.h"

#define WORDS_MAX	500

static void
say(const struct ask *a, bool well, struct str answer)
{
	char words[WORDS_MAX + 1];
	struct clean text;
	json_t *j;

	snprintf(words, sizeof words, "%.*s", STR_ARG(answer));
	words[strcspn(words, "\r\n")] = '\0';
	if (!a->json) {
		printf("%s\n", clean(words, &text));
		return;
	}
	j = json_pack("{s:b, s:s}", "well", well, "text", clean(words, &text));
	ask_print(j);
	json_decref(j);
}

int
health_main(int argc, char **argv)
{
	struct ask a;
	struct buf body;
	long http;
	int status = ask_init(&a, argc, argv, 0, 0);

	if (status != ASK_GO_ON)
		return status;
	buf_init(&body, WORDS_MAX);
	http = ask_plain(&a, "/healthz", &body);
	if (http != 0)
		say(&a, http == 200, buf_str(&body));
	buf_fini(&body);
	return http == 200 ? 0 : 1;
}
