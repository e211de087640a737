#include "http/message.h"

const struct field *
message_find(const struct message *h, enum field_id id)
{
	for (int i = 0; i < h->nfields; i++)
		if (h->field[i].id == id)
			return &h->field[i];
	return NULL;
}

bool
list_has(struct str list, struct str token)
{
	struct str part;

	while (str_split(&list, ',', &part))
		if (str_eq_nocase(str_trim(part), token))
			return true;
	return false;
}

const char *
status_reason(int status)
{
	switch (status) {
#define STATUS(code, reason) case code: return reason;
#include "tbl/status.h"
#undef STATUS
	default: return "Status";
	}
}
