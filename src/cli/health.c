/*
 * `mola health`: is the Mola (or the agent) at that address healthy? For health checks of
 * containers, whose image has no other HTTP client. Balancer and agent have the same /healthz,
 * with a text as response.
 */
#include <stdio.h>
#include <string.h>

#include "base/bug.h"
#include "cli/api.h"
#include "cli/cli.h"
#include "cli/grid.h"

#define TEXT_MAX	500

int
health_main(int argc, char **argv)
{
	char line[TEXT_MAX + 1];
	struct printable text;
	struct api a;
	struct buf body;
	json_t *j;
	long http;
	int status = api_init(&a, argc, argv, 0, 0);

	if (status != API_GO_ON)
		return status;
	buf_init(&body, TEXT_MAX);
	http = api_get_text(&a, "/healthz", &body);
	ASSERT(body.len <= TEXT_MAX);
	snprintf(line, sizeof line, "%.*s", STR_ARG(buf_str(&body)));
	line[strcspn(line, "\r\n")] = '\0';
	buf_fini(&body);
	if (http != 0 && a.json) {
		j = json_pack("{s:b, s:s}", "well", http == 200, "text", printable(line, &text));
		api_print(j);
		json_decref(j);
	} else if (http != 0)
		printf("%s\n", printable(line, &text));
	return http == 200 ? 0 : 1;
}
