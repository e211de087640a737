/*
 * What `mola compare` compares of two responses, in the order in which differences are printed.
 * COMPARED(constant, name, of_page): the name is that of the field of the response, but for the
 * first and the last row. What is of a page is compared where both have the same status, and not
 * where Mola refuses or redirects by itself: each has pages of its own for that.
 */
COMPARED(STATUS,           "status",                              false)
COMPARED(LOCATION,         "Location",                            false)
COMPARED(AUTHENTICATE,     "WWW-Authenticate",                    false)
COMPARED(COOKIES,          "Set-Cookie",                          false)	/* names alone */
COMPARED(TYPE,             "Content-Type",                        true)
COMPARED(CODING,           "Content-Encoding",                    true)
COMPARED(CACHE,            "Cache-Control",                       true)
COMPARED(VARY,             "Vary",                                false)
COMPARED(CORS_ORIGIN,      "Access-Control-Allow-Origin",         false)
COMPARED(CORS_CREDENTIALS, "Access-Control-Allow-Credentials",    false)
COMPARED(CORS_METHODS,     "Access-Control-Allow-Methods",        false)
COMPARED(CORS_FIELDS,      "Access-Control-Allow-Headers",        false)
COMPARED(CORS_EXPOSED,     "Access-Control-Expose-Headers",       false)
COMPARED(CORS_AGE,         "Access-Control-Max-Age",              false)
COMPARED(HSTS,             "Strict-Transport-Security",           false)
COMPARED(CSP,              "Content-Security-Policy",             false)
COMPARED(CSP_REPORT,       "Content-Security-Policy-Report-Only", false)
COMPARED(FRAME,            "X-Frame-Options",                     false)
COMPARED(NOSNIFF,          "X-Content-Type-Options",              true)
COMPARED(XSS,              "X-XSS-Protection",                    false)
COMPARED(REFERRER,         "Referrer-Policy",                     false)
COMPARED(PERMISSIONS,      "Permissions-Policy",                  false)
COMPARED(OPENER,           "Cross-Origin-Opener-Policy",          false)
COMPARED(EMBEDDER,         "Cross-Origin-Embedder-Policy",        false)
COMPARED(RESOURCE,         "Cross-Origin-Resource-Policy",        false)
COMPARED(ROBOTS,           "X-Robots-Tag",                        false)
COMPARED(BODY,             "body",                                true)	/* its length and hash */
