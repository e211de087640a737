#include <stdio.h>
#include <string.h>

#include "cli/grid.h"
#include "cli/note.h"

bool
note_label(const json_t *label, char out[NOTE_MAX])
{
	const char *state = text_of(label, "state"), *text = text_of(label, "text");

	if ((strcmp(state, "understood") == 0 && *text == '\0') || strcmp(state, "unused") == 0)
		return false;
	snprintf(out, NOTE_MAX, "%.100s=%.100s is %s%s%.400s", text_of(label, "label"),
	    text_of(label, "value"), state, *text == '\0' ? "" : ": ", text);
	return true;
}

void
note_trouble(const json_t *service, const json_t *trouble, char out[NOTE_MAX])
{
	bool unserved = json_is_false(json_object_get(service, "served"));

	snprintf(out, NOTE_MAX, "%s%.600s", unserved ? "not served: " : "", text_of(trouble, "text"));
}

bool
note_middlewares(const json_t *route, char out[NOTE_MAX])
{
	const json_t *one;
	size_t i, n = 0;

	out[0] = '\0';
	json_array_foreach(json_object_get(route, "middlewares"), i, one)
		if (n < NOTE_MAX)
			n += (size_t)snprintf(out + n, NOTE_MAX - n, "%s%.100s (%.30s%s%.20s)", i == 0 ? "" : ", ",
			    text_of(one, "name"), text_of(one, "kind"), *text_of(one, "state") == '\0' ? "" : ": ",
			    text_of(one, "state"));
	return out[0] != '\0';
}

bool
note_listeners(const json_t *route, char out[NOTE_MAX])
{
	const json_t *one;
	size_t i, n = 0;

	out[0] = '\0';
	json_array_foreach(json_object_get(route, "listeners"), i, one)
		if (n < NOTE_MAX && json_is_string(one))
			n += (size_t)snprintf(out + n, NOTE_MAX - n, "%s%.64s", n == 0 ? "" : ", ",
			    json_string_value(one));
	return out[0] != '\0';
}
