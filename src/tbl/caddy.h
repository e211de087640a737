/*
 * Directives of Caddy that labels of caddy-docker-proxy may have, each once: CADDY(name, how). One
 * that is not here refuses the translation of its service, as a matcher by name does.
 *
 *	LEFT	it is left out: nothing of it decides who gets what
 *	any other	do_HOW of stack/caddy_apply.c knows what it does to requests of its block
 *
 * and those below reverse_proxy: CADDY_PROXY(name, how).
 */
#ifndef CADDY
#define CADDY(...)
#endif
#ifndef CADDY_PROXY
#define CADDY_PROXY(...)
#endif
CADDY("reverse_proxy", BLOCK)
CADDY("handle", BLOCK)
CADDY("handle_path", BLOCK)
CADDY("route", BLOCK)
CADDY("basic_auth", BASIC_AUTH)
CADDY("basicauth", BASIC_AUTH)
CADDY("forward_auth", FORWARD_AUTH)
CADDY("header", HEADER)
CADDY("encode", ENCODE)
CADDY("redir", REDIR)
CADDY("rewrite", REWRITE)
CADDY("uri", URI)
CADDY("tls", TLS)
CADDY("log", LEFT)
CADDY("tracing", LEFT)

CADDY_PROXY("transport", TRANSPORT)
CADDY_PROXY("header_up", HEADER_UP)
CADDY_PROXY("header_down", HEADER_DOWN)
CADDY_PROXY("health_uri", HEALTH_URI)
CADDY_PROXY("health_interval", HEALTH_INTERVAL)
CADDY_PROXY("health_timeout", HEALTH_TIMEOUT)
CADDY_PROXY("lb_policy", LEFT)
CADDY_PROXY("lb_try_duration", LEFT)
CADDY_PROXY("lb_try_interval", LEFT)
CADDY_PROXY("lb_retries", LEFT)
CADDY_PROXY("fail_duration", LEFT)
CADDY_PROXY("max_fails", LEFT)
CADDY_PROXY("flush_interval", LEFT)
CADDY_PROXY("trusted_proxies", LEFT)
#undef CADDY
#undef CADDY_PROXY
