/*
 * Lists of addresses as proxies write them, read from their end: each proxy appends what it
 * knows to what it cannot check.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/sender.h"

void
sender_init(struct sender *s, const struct ip *ip, bool trusted)
{
	s->ip = *ip;
	s->trusted = trusted;
	s->tls = false;
	s->cert_info = NULL;
	s->len = (uint8_t)ip_text(ip, s->text).len;
	ASSERT(s->len > 0 && s->len < sizeof s->text);
}

struct str
sender_peer(const struct sender *s)
{
	ASSERT(s->len > 0 && s->text[s->len] == '\0');
	return (struct str){ s->text, s->len };
}

/* An address as proxies write it: some add the port. */
static bool
part_read(struct str part, struct ip *out)
{
	const char *end;

	part = str_trim(part);
	if (ip_parse(part, out))
		return true;
	if (part.len > 2 && part.p[0] == '[') {
		end = memchr(part.p, ']', part.len);
		return end != NULL && ip_parse((struct str){ part.p + 1, (size_t)(end - part.p) - 1 }, out);
	}
	end = memchr(part.p, ':', part.len);
	return end != NULL && ip_parse((struct str){ part.p, (size_t)(end - part.p) }, out);
}

struct ip
sender_client(const struct sender *s, const struct message *m, const struct ip_net *trusted,
    unsigned ntrusted)
{
	struct ip client = s->ip, next;
	struct str list, part;

	if (!s->trusted)
		return client;
	for (int i = m->nfields; i-- > 0;) {
		if (m->field[i].id != FIELD_X_FORWARDED_FOR)
			continue;
		for (list = m->field[i].value; str_split_last(&list, ',', &part);) {
			if (str_trim(part).len == 0)
				continue;
			if (!part_read(part, &next))
				return client;
			client = next;
			if (!ip_nets_have(trusted, ntrusted, &client))
				return client;
		}
	}
	return client;
}
