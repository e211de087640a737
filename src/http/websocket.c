/*
 * Base64 and SHA-1 are OpenSSL's.
 */
#include <string.h>
#include <sys/random.h>

#include <openssl/evp.h>

#include "base/bug.h"
#include "http/websocket.h"

#define GUID	"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static void
encode(const uint8_t *octets, int n, char *to, size_t len)
{
	char text[WEBSOCKET_ACCEPT_LEN + 1];

	ASSERT(len < sizeof text);
	if (EVP_EncodeBlock((unsigned char *)text, octets, n) != (int)len)
		BUG("base64");
	memcpy(to, text, len);
}

void
websocket_key(char key[WEBSOCKET_KEY_LEN])
{
	uint8_t octets[16];

	if (getrandom(octets, sizeof octets, GRND_NONBLOCK) != sizeof octets)
		BUG("getrandom");
	encode(octets, sizeof octets, key, WEBSOCKET_KEY_LEN);
}

void
websocket_accept(struct str key, char accept[WEBSOCKET_ACCEPT_LEN])
{
	char text[WEBSOCKET_KEY_LEN + sizeof GUID];
	uint8_t sum[EVP_MAX_MD_SIZE];
	unsigned n = 0;

	ASSERT(key.len == WEBSOCKET_KEY_LEN);
	memcpy(text, key.p, key.len);
	memcpy(text + key.len, GUID, sizeof GUID);
	if (EVP_Digest(text, sizeof text - 1, sum, &n, EVP_sha1(), NULL) != 1 || n != 20)
		BUG("there is no SHA-1");
	encode(sum, 20, accept, WEBSOCKET_ACCEPT_LEN);
}

const struct str *
websocket_wanted(const struct message *m)
{
	const struct field *f = message_find(m, FIELD_UPGRADE);

	if (!m->upgrade || m->body != BODY_NONE || f == NULL || !str_eq(m->method, STR("GET"))
	    || !str_eq_nocase(f->value, STR("websocket")))
		return NULL;
	for (int i = 0; i < m->nfields; i++)
		if (str_eq_nocase(m->field[i].name, STR("sec-websocket-key")))
			return m->field[i].value.len == WEBSOCKET_KEY_LEN ? &m->field[i].value : NULL;
	return NULL;
}
