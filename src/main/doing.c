#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "main/doing.h"

bool
doing_parse(const char *text, long hz, struct doing *out)
{
	const char *p = strrchr(text, ')');	/* a name may have any character */
	uint64_t user, system;
	char state;

	if (p == NULL || hz <= 0 || sscanf(p + 1, " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64
	    " %" SCNu64, &state, &user, &system) != 3)
		return false;
	out->state = state;
	out->cpu_usec = (int64_t)((user + system) * (uint64_t)(USEC_PER_SEC / hz));
	return true;
}

bool
doing_read(pid_t pid, struct doing *out)
{
	char path[64], text[512];
	size_t n = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)pid);
	if ((f = fopen(path, "re")) == NULL)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	return doing_parse(text, sysconf(_SC_CLK_TCK), out);
}

const char *
doing_word(char state)
{
	switch (state) {
	case 'R':
		return "runs";
	case 'S':
		return "waits";
	case 'D':
		return "waits for a device";
	case 'T':
	case 't':
		return "was stopped";
	default:
		return "unknown";
	}
}
