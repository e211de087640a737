/* table_path: paths as Traefik compares them. The expectations are what Go's net/url and Traefik's own steps make of them. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "world/table_path.c"

static void
paths_are_read_as_traefik_reads_them(void **state)
{
	static const struct { const char *path, *routed; } rows[] = {
		{ "/", "/" },
		{ "/a", "/a" },
		{ "/a/", "/a/" },
		{ "//a", "/a" },
		{ "/a//b", "/a/b" },
		{ "/a/./b", "/a/b" },
		{ "/a/../b", "/b" },
		{ "/../a", "/a" },
		{ "/a/..", "/" },
		{ "/a/.", "/a" },
		{ "/a/../", "/" },
		{ "/a/b/../", "/a/" },
		{ "/a/b/..", "/a" },
		{ "/%61dmin", "/admin" },
		{ "/a%2fb", "/a%2Fb" },
		{ "/a%2Fb/..", "/" },
		{ "/a%2f..%2fb", "/a%2F..%2Fb" },
		{ "/a%20b", "/a b" },
		{ "/a%25b", "/a%25b" },
		{ "/%2e%2e/a", "/a" },
		{ "/a/%2E/b", "/a/b" },
		{ "/a%3bc", "/a%3Bc" },
		{ "/a;c", "/a;c" },
		{ "/a!b", "/a!b" },
		{ "/a%21b", "/a%21b" },
		{ "/a!{", "/a%21{" },
		{ "/a%2F\042b", "/a/\042b" },
		{ "/a%zz", NULL },
		{ "/a%", NULL },
		{ "/a%4", NULL },
		{ "/a%00b", "/a\000b" },
		{ "/a%5cb", "/a\134b" },
		{ "/a\134b", "/a\134b" },
		{ "/%C3%A9", "/\303\251" },
		{ "/\303\251", "/\303\251" },
		{ "/\303\251/%2f", "/\303\251/" },
		{ "/a%2a*", "/a%2A*" },
		{ "/a^b", "/a^b" },
		{ "/a|b//c", "/a|b/c" },
		{ "/a/%2e%2e%2fb", "/a/..%2Fb" },
		{ "/a/..%2fb", "/a/..%2Fb" },
		{ "/...", "/..." },
		{ "/a/.../b", "/a/.../b" },
		{ "/a//", "/a/" },
		{ "//", "/" },
		{ "/.", "/" },
		{ "/..", "/" },
		{ "/./", "/" },
		{ "/../", "/" },
		{ "/a%3F", "/a%3F" },
		{ "/a%7Eb", "/a~b" },
		{ "/a%7eb", "/a~b" },
		{ "/a%40@", "/a%40@" },
		{ "/a/%", NULL },
		{ "/a'b", "/a'b" },
		{ "/[x]", "/[x]" },
		{ "/a=b&c", "/a=b&c" },
		{ "*", "*" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char room[200];
		struct str routed = { NULL, 0 }, path = str_of(rows[i].path);
		bool good = path_routed(path, room, &routed);
		/* a zero byte is only in "/a%00b" */
		size_t wanted = rows[i].routed == NULL ? 0 : strcmp(rows[i].path, "/a%00b") == 0 ? 4 : strlen(rows[i].routed);
		if (good != (rows[i].routed != NULL) || (good && !str_eq(routed, (struct str){ rows[i].routed, wanted })))
			fail_msg("%s is read as %.*s", rows[i].path, STR_ARG(routed));
	}
}

/* In a room of just the size that is promised: for the sanitizers. */
static void
the_room_is_enough(void **state)
{
	static const char *const parts[] = { "/", "..", ".", "%2f", "\"", "%41", "a", "\xc3", "!", "%", "%2E", ";" };
	unsigned seed = 1;

	(void)state;
	for (int round = 0; round < 20000; round++) {
		char path[64] = "/", *exact, *room;
		struct str routed;
		for (int i = 0; i < round % 12; i++) {
			seed = seed * 1103515245 + 12345;
			strcat(path, parts[seed / 65536 % 12]);
		}
		exact = malloc(strlen(path));
		memcpy(exact, path, strlen(path));
		room = malloc(PATH_ROUTED_ROOM(strlen(path)));
		if (path_routed((struct str){ exact, strlen(path) }, room, &routed))
			assert_true(routed.len > 0 && routed.p[0] == '/');
		path_is_odd((struct str){ exact, strlen(path) });
		free(exact);
		free(room);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_are_read_as_traefik_reads_them),
		cmocka_unit_test(the_room_is_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
