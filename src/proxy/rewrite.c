/*
 * Pure: a message and what is known of its sender in, edits out. Must not know how either is
 * written.
 */
#include "proxy/rewrite.h"

#define OF_CLIENTS (FIELD_BIT(FIELD_X_FORWARDED_FOR) | FIELD_BIT(FIELD_X_FORWARDED_PROTO) \
	| FIELD_BIT(FIELD_X_FORWARDED_HOST) | FIELD_BIT(FIELD_X_FORWARDED_PORT) \
	| FIELD_BIT(FIELD_X_REAL_IP) | FIELD_BIT(FIELD_FORWARDED))

/* X-Forwarded-Proto stands before X-Forwarded-Host, so that both are written as one piece. */
#define PROTO	"\r\nX-Forwarded-Proto: http"
#define HOST	"\r\nX-Forwarded-Host: "
static const char proto_and_host[] = PROTO HOST, secure_proto_and_host[] = PROTO "s" HOST;
static const struct str proto_line = { proto_and_host, sizeof PROTO - 1 };
static const struct str host_name = { proto_and_host + sizeof PROTO - 1, sizeof HOST - 1 };
static const struct str secure_proto_line = { secure_proto_and_host, sizeof PROTO };
static const struct str secure_host_name = {
	secure_proto_and_host + sizeof PROTO, sizeof HOST - 1
};

/* The port that the client meant: as it wrote it, else that of the scheme. */
static void
add_port(struct edits *e, const struct message *m, bool https)
{
	size_t colon = m->host.len;

	if (m->authority.len > colon + 1)
		edits_add(e, EDIT_NAME("X-Forwarded-Port"),
		    (struct str){ m->authority.p + colon + 1, m->authority.len - colon - 1 });
	else
		edits_add_line(e, https ? STR("\r\nX-Forwarded-Port: 443") : STR("\r\nX-Forwarded-Port: 80"),
		    sizeof "X-Forwarded-Port" - 1);
}

static void
add_proto(struct edits *e, const struct sender *s)
{
	edits_add_line(e, s->tls ? secure_proto_line : proto_line, sizeof "X-Forwarded-Proto" - 1);
}

static void
add_host(struct edits *e, const struct message *m, const struct sender *s)
{
	if (m->authority.len > 0)
		edits_add(e, s->tls ? secure_host_name : host_name, m->authority);
}

static void
add_all(struct edits *e, const struct message *m, const struct sender *s)
{
	edits_add(e, EDIT_NAME("X-Forwarded-For"), sender_peer(s));
	edits_add(e, EDIT_NAME("X-Real-IP"), sender_peer(s));
	add_proto(e, s);
	add_host(e, m, s);
	add_port(e, m, s->tls);
}

/* What a trusted sender has sent stays: of each kind, the last field that is not empty. */
static void
add_missing(struct edits *e, const struct message *m, const struct sender *s,
    const struct ip *client, char text[IP_TEXT_MAX])
{
	const struct field *list = NULL, *proto = NULL, *host = NULL, *port = NULL, *real_ip = NULL;

	for (int i = 0; i < m->nfields; i++) {
		const struct field *f = &m->field[i];
		if (f->value.len == 0)
			continue;
		if (f->id == FIELD_X_FORWARDED_FOR)
			list = f;
		else if (f->id == FIELD_X_FORWARDED_PROTO)
			proto = f;
		else if (f->id == FIELD_X_FORWARDED_HOST)
			host = f;
		else if (f->id == FIELD_X_FORWARDED_PORT)
			port = f;
		else if (f->id == FIELD_X_REAL_IP)
			real_ip = f;
	}
	if (list != NULL)
		edits_extend(e, list, sender_peer(s));	/* where it ends: some servers read only one line */
	else
		edits_add(e, EDIT_NAME("X-Forwarded-For"), sender_peer(s));
	if (real_ip == NULL)
		edits_add(e, EDIT_NAME("X-Real-IP"), ip_text(client, text));
	if (proto == NULL)
		add_proto(e, s);
	if (host == NULL)
		add_host(e, m, s);
	if (port == NULL)
		add_port(e, m, proto != NULL ? str_eq_nocase(proto->value, STR("https")) : s->tls);
}

void
rewrite_request(struct edits *e, const struct message *m, const struct sender *s,
    const struct ip *client, char text[IP_TEXT_MAX], struct str here)
{
	edits_init(e);
	edits_drop(e, FIELD_BIT(FIELD_TWIN) | (s->trusted ? 0 : OF_CLIENTS));
	if (m->h1.minor == 0)
		edits_drop(e, FIELD_BIT(FIELD_EXPECT));	/* ignored there (RFC 9110, 10.1.1) */
	if (m->authority.len == 0)
		e->authority = here;
	if (s->trusted)
		add_missing(e, m, s, client, text);
	else
		add_all(e, m, s);
	if (s->cert_info != NULL)
		edits_add(e, EDIT_NAME("X-Forwarded-Tls-Client-Cert-Info"), str_of(s->cert_info));
}
