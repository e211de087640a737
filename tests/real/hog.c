/*
 * hog: threads that do nothing but use a CPU, until somebody ends them.   hog THREADS
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static void *
spin(void *arg)
{
	volatile unsigned long *turns = arg;

	for (;;)
		++*turns;
	return NULL;
}

int
main(int argc, char **argv)
{
	int threads = argc == 2 ? atoi(argv[1]) : 0;
	static unsigned long turns;
	pthread_t t;

	if (threads < 1) {
		fputs("usage: hog THREADS\n", stderr);
		return 2;
	}
	while (threads-- > 0)
		if (pthread_create(&t, NULL, spin, &turns) != 0)
			return 1;
	pause();
	return 0;
}
