/*
 * between: bounds for a number. cmocka 1 and 2 have no name for this in common that neither calls deprecated.
 */
#ifndef UNIT_BETWEEN_H
#define UNIT_BETWEEN_H

#define assert_between(x, least, most) \
	assert_between_at((unsigned long long)(x), (unsigned long long)(least), (unsigned long long)(most), __FILE__, __LINE__)

static inline void
assert_between_at(unsigned long long x, unsigned long long least, unsigned long long most, const char *file, int line)
{
	if (x < least || x > most)
		fail_msg("%s:%d: %llu is not within %llu and %llu", file, line, x, least, most);
}

#endif
