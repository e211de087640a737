/*
 * The lines are made once per connection: a request without fields of this kind, from a client that is not trusted, is then passed
 * on in few pieces.
 */
#include <string.h>

#include "base/bug.h"
#include "proxy/sender.h"

static const struct str host_name = { "X-Forwarded-Host: ", 18 };

static size_t
put(struct sender *s, size_t at, struct str text)
{
	ASSERT(at + text.len <= sizeof s->lines);
	memcpy(s->lines + at, text.p, text.len);
	return at + text.len;
}

void
sender_init(struct sender *s, const struct ip *ip, bool trusted)
{
	char text[IP_TEXT_MAX];
	struct str peer = ip_text(ip, text);
	size_t at;

	s->ip = *ip;
	s->trusted = trusted;
	at = put(s, 0, STR("X-Forwarded-For: "));
	s->peer_at = (uint8_t)at;
	s->peer_len = (uint8_t)peer.len;
	at = put(s, at, peer);
	at = put(s, at, STR("\r\nX-Real-IP: "));
	at = put(s, at, peer);
	at = put(s, at, STR("\r\nX-Forwarded-Proto: http\r\n"));
	s->len = (uint8_t)at;
	put(s, at, host_name);
}

struct str
sender_peer(const struct sender *s)
{
	return (struct str){ s->lines + s->peer_at, s->peer_len };
}

struct str
sender_lines(const struct sender *s)
{
	return (struct str){ s->lines, s->len };
}

struct str
sender_host_name(const struct sender *s)
{
	return (struct str){ s->lines + s->len, host_name.len };
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

/* What stands behind the last comma, taken off the end; false when the list is spent. */
static bool
part_last(struct str *list, struct str *part)
{
	size_t at = list->len;

	if (list->p == NULL)
		return false;
	while (at > 0 && list->p[at - 1] != ',')
		at--;
	*part = (struct str){ list->p + at, list->len - at };
	*list = at == 0 ? (struct str){ NULL, 0 } : (struct str){ list->p, at - 1 };
	return true;
}

struct ip
sender_client(const struct sender *s, const struct head *h, const struct ip_net *trusted, unsigned ntrusted)
{
	struct ip client = s->ip, next;
	struct str list, part;

	if (!s->trusted)
		return client;
	for (int i = h->nfields; i-- > 0;) {
		if (h->field[i].id != FIELD_X_FORWARDED_FOR)
			continue;
		for (list = h->field[i].value; part_last(&list, &part);) {
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
