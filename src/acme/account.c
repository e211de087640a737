#include "acme/account.h"
#include "base/bug.h"

static void
add_binding(const struct account_conf *c, struct buf *out)
{
	struct buf head, jwk;

	buf_init(&head, 4096);
	buf_init(&jwk, 256);
	buf_printf(&head, "{\"alg\":\"HS256\",\"kid\":\"%s\",\"url\":\"%s\"}", c->eab_id, c->url);
	jose_jwk(c->key, &jwk);
	ASSERT(!head.full && !jwk.full);
	buf_adds(out, STR(",\"externalAccountBinding\":"));
	jose_sign_mac(c->eab_secret, buf_str(&head), buf_str(&jwk), out);
	buf_fini(&head);
	buf_fini(&jwk);
}

void
account_request(const struct account_conf *c, struct buf *out)
{
	ASSERT(c->key != NULL && c->url != NULL && (c->eab_id == NULL) == (c->eab_secret.len == 0));
	buf_adds(out, STR("{\"termsOfServiceAgreed\":true"));
	if (c->email != NULL)
		buf_printf(out, ",\"contact\":[\"mailto:%s\"]", c->email);
	if (c->eab_id != NULL)
		add_binding(c, out);
	buf_adds(out, STR("}"));
}
