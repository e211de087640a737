#include "http/chars.h"

#define T CHAR_TOKEN
#define G CHAR_TARGET
#define V CHAR_VALUE
#define H CHAR_HOST

const uint8_t chars[256] = {
	['\t'] = V,		[' '] = V,		['!'] = T | G | V | H,	['"'] = G | V,
	['#'] = T | V,		['$' ... '\''] = T | G | V | H,			['(' ... ')'] = G | V | H,
	['*' ... '+'] = T | G | V | H,			[','] = G | V | H,	['-' ... '.'] = T | G | V | H,
	['/'] = G | V,		['0' ... '9'] = T | G | V | H,			[':'] = G | V,
	[';'] = G | V | H,	['<'] = G | V,		['='] = G | V | H,	['>' ... '@'] = G | V,
	['A' ... 'Z'] = T | G | V | H,			['[' ... ']'] = G | V,	['^'] = T | G | V,
	['_'] = T | G | V | H,	['`'] = T | G | V,	['a' ... 'z'] = T | G | V | H,
	['{'] = G | V,		['|'] = T | G | V,	['}'] = G | V,		['~'] = T | G | V | H,
	[0x80 ... 0xff] = V,
};
