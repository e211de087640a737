/*
 * Groups of key exchange that TLS options may name, one row each.
 * GROUP(name, traefik, rfc): as OpenSSL has it, and both names of Traefik's files.
 */
GROUP("X25519MLKEM768", "X25519MLKEM768", "x25519mlkem768")
GROUP("X25519", "X25519", "x25519")
GROUP("P-256", "CurveP256", "secp256r1")
GROUP("P-384", "CurveP384", "secp384r1")
GROUP("P-521", "CurveP521", "secp521r1")
