/*
 * The ciphers of TLS 1.2 that Mola offers, one row each, the preferred first: those of Mozilla's
 * "intermediate" profile, without finite-field Diffie-Hellman, which costs much and which no client
 * needs that has elliptic curves.
 * SUITE(name, go): as OpenSSL has it, and as Traefik's files do.
 */
SUITE("ECDHE-ECDSA-AES128-GCM-SHA256", "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256")
SUITE("ECDHE-RSA-AES128-GCM-SHA256", "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256")
SUITE("ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")
SUITE("ECDHE-RSA-AES256-GCM-SHA384", "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384")
SUITE("ECDHE-ECDSA-CHACHA20-POLY1305", "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305")
SUITE("ECDHE-RSA-CHACHA20-POLY1305", "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305")
