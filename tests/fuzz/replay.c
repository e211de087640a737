/*
 * replay: gives each file named on the command line to the fuzz target, in memory of exactly its size.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int	LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void
replay(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *bytes;
	long len;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (len = ftell(f)) < 0) {
		perror(path);
		exit(2);
	}
	rewind(f);
	bytes = malloc(len > 0 ? (size_t)len : 1);
	if (bytes == NULL || fread(bytes, 1, (size_t)len, f) != (size_t)len) {
		perror(path);
		exit(2);
	}
	fclose(f);
	fprintf(stderr, "# %s\n", path);	/* the last one named is the one that failed */
	LLVMFuzzerTestOneInput(bytes, (size_t)len);
	free(bytes);
}

int
main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	return 0;
}
