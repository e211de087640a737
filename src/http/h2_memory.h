/* h2_memory: what nghttp2 allocates with, for connections of clients and to tasks. */
#ifndef HTTP_H2_MEMORY_H
#define HTTP_H2_MEMORY_H

#include <nghttp2/nghttp2.h>

extern const nghttp2_mem h2_memory;

#endif
