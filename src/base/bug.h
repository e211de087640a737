/*
 * bug: assertions that stay on. A bug aborts the process, with the place and the condition that was
 * false.
 */
#ifndef BASE_BUG_H
#define BASE_BUG_H

#define ASSERT(cond) ((cond) ? (void)0 : bug_die(__FILE__, __LINE__, __func__, #cond))
#define BUG(text) bug_die(__FILE__, __LINE__, __func__, text)

void bug_die(const char *file, int line, const char *func,
    const char *what) __attribute__((noreturn, cold));

#endif
