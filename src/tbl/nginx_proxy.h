/*
 * The variables of a service by which nginx-proxy and its companion for ACME serve it, each once:
 * NGINX_PROXY(name, how, what). A name that ends with an underscore stands for all that begin so;
 * those that begin with VIRTUAL_ and are not here refuse the translation of their service.
 *
 *	OWN	stack/nginx_proxy.c knows what to make of it
 *	LEFT	it is left out, and people are told `what` takes its place; "" tells them nothing
 *	NOT	nothing of Mola's is the same: the service is not translated
 */
NGINX_PROXY("VIRTUAL_HOST", OWN, "")
NGINX_PROXY("VIRTUAL_PORT", OWN, "")
NGINX_PROXY("VIRTUAL_PATH", OWN, "")
NGINX_PROXY("VIRTUAL_DEST", OWN, "")
NGINX_PROXY("VIRTUAL_PROTO", OWN, "")
NGINX_PROXY("NETWORK_ACCESS", OWN, "")
NGINX_PROXY("HTTPS_METHOD", OWN, "")
NGINX_PROXY("HSTS", OWN, "")
NGINX_PROXY("CERT_NAME", OWN, "")
NGINX_PROXY("LETSENCRYPT_HOST", OWN, "")
NGINX_PROXY("LETSENCRYPT_EMAIL", LEFT, "")
NGINX_PROXY("LETSENCRYPT_TEST", LEFT, "the CA: acme.directory in mola.yaml")
NGINX_PROXY("LETSENCRYPT_", LEFT, "")
NGINX_PROXY("ACME_", LEFT, "")
NGINX_PROXY("SSL_POLICY", LEFT, "the versions of TLS: those of Mola's listeners")
NGINX_PROXY("SERVER_TOKENS", LEFT, "")
NGINX_PROXY("VIRTUAL_HOST_MULTIPORTS", NOT, "")
NGINX_PROXY("VIRTUAL_ROOT", LEFT, "")
NGINX_PROXY("EXTERNAL_HTTP_PORT", NOT, "")
NGINX_PROXY("EXTERNAL_HTTPS_PORT", NOT, "")
NGINX_PROXY("VIRTUAL_", NOT, "")
