/*
 * completion_parts: what shells complete after `mola`, from src/tbl/, as functions that bash and zsh both read:
 *   _mola_verbs             lines "verb<tab>help"
 *   _mola_options VERB      lines "--option<tab>ARGUMENT<tab>help"
 *   _mola_argument VERB N   what stands in the N-th place behind it: services, nodes, tasks, targets, certs, verbs, files, or "= word word"
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char *const clients[] = {
#define CLIENT(verb) #verb,
#include "../src/tbl/clients.h"
#undef CLIENT
	NULL
};

static bool
is_client(const char *verb)
{
	for (const char *const *c = clients; *c != NULL; c++)
		if (strcmp(*c, verb) == 0)
			return true;
	return false;
}

static void
options(const char *of)
{
	printf("\t%s)\n\t\tcat <<'END'\n", of);
#define OPTION(verb, id, name, argument, help) \
	if (strcmp(#verb, of) == 0 || (strcmp(#verb, "ask") == 0 && is_client(of))) \
		printf("%s\t%s\t%s\n", name, argument, help);
#include "../src/tbl/options.h"
#undef OPTION
	printf("--help\t\tthe usage of this verb\nEND\n\t\t;;\n");
}

static void
line(const char *verb, int place, const char *what)
{
	printf("\t%s.%d) echo '%s' ;;\n", verb, place, what);
}

/* From what help shows: "[OPTIONS] SERVICE [TASK|NODE]". */
static void
arguments(const char *verb, const char *args)
{
	char copy[256], words[200], *word, *bar, *save;
	int place = 1;

	snprintf(copy, sizeof copy, "%s", args);
	for (word = strtok_r(copy, " []", &save); word != NULL; word = strtok_r(NULL, " []", &save)) {
		if (strcmp(word, "OPTIONS") == 0)
			continue;
		if (strncmp(word, "--", 2) == 0) {	/* an option; its value is no place */
			if (strcmp(word, "--config") != 0)
				strtok_r(NULL, " []", &save);
			continue;
		}
		if (strcmp(word, "SERVICE") == 0)
			line(verb, place, "services");
		else if (strcmp(word, "NODE") == 0)
			line(verb, place, "nodes");
		else if (strcmp(word, "TASK|NODE") == 0)
			line(verb, place, "tasks nodes");
		else if (strcmp(word, "VERB") == 0)
			line(verb, place, "verbs");
		else if (strcmp(word, "FILE") == 0)
			line(verb, place, "files");
		else if (strcmp(word, "NAME") == 0)
			line(verb, place, verb);
		else {					/* "withdraw|resume" */
			snprintf(words, sizeof words, "= %s", word);
			while ((bar = strchr(words, '|')) != NULL)
				*bar = ' ';
			line(verb, place, words);
		}
		place++;
	}
}

int
main(void)
{
	printf("_mola_verbs() {\n\tcat <<'END'\n");
#define CMD(name, function, args, help) printf("%s\t%s\n", #name, help);
#include "../src/tbl/cmds.h"
#undef CMD
	printf("END\n}\n_mola_options() {\n\tcase $1 in\n");
#define CMD(name, function, args, help) options(#name);
#include "../src/tbl/cmds.h"
#undef CMD
	printf("\tesac\n}\n_mola_argument() {\n\tcase $1.$2 in\n");
#define CMD(name, function, args, help) arguments(#name, args);
#include "../src/tbl/cmds.h"
#undef CMD
	printf("\tesac\n}\n_mola_policies='");
#define POLICY(id, name, text) printf("%s ", name);
#include "../src/tbl/policies.h"
#undef POLICY
	printf("'\n");
	return 0;
}
