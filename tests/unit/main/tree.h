/*
 * tree: files like those of the kernel, in a directory of a test's own.
 */
#ifndef TEST_TREE_H
#define TEST_TREE_H

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* Writes top/path, with the directories that lead to it. */
static inline void
tree_put(const char *top, const char *path, const char *text)
{
	char full[PATH_MAX];
	FILE *f;

	snprintf(full, sizeof full, "%s/%s", top, path);
	for (char *c = full + strlen(top) + 1; *c != '\0'; c++)
		if (*c == '/') {
			*c = '\0';
			mkdir(full, 0755);
			*c = '/';
		}
	assert_non_null(f = fopen(full, "w"));
	fputs(text, f);
	fclose(f);
}

#endif
