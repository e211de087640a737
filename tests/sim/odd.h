/*
 * odd: what is unusual in the heads and chunks that clients and tasks send, and what is wrong in heads of clients, each with the
 * response that is due. What is unusual changes nothing but what heads.h has for it.
 */
#ifndef SIM_ODD_H
#define SIM_ODD_H

#include "plan_priv.h"

struct response;

void	odd_draw(struct call *, struct rng);
/* Once all is drawn: middlewares have heads of their own. */
void	odd_settle(struct plan *);

/* More fields, of a head that has begun at `head`, at `p`: where it goes on. */
char	*odd_fields(const struct call *, const char *head, char *p);
/* As many bytes as they are in a head that has nothing else, at the most. */
size_t	 odd_bytes(const struct call *);
/* The head of a task's response, with the bits of the call: it is changed where it stands, and may grow. Its new length. */
size_t	 odd_answer(const struct call *, char *head, size_t len, size_t room);
/* How many more fields a response of HTTP/2 gets that has so many: none, or as many as a head may have, where one that says how long
 * the body is counts in any case, as it does in HTTP/1.1. The i-th one's name and value. */
unsigned odd_answer_h2(const struct call *, unsigned fields, bool has_length);
#define ODD_TEXT	12
#define ODD_FIELDS	64	/* at the most */
void	 odd_field(unsigned i, char name[ODD_TEXT], char value[ODD_TEXT]);
/* A whole head that is wrong (HEAD_WRONG). */
char	*odd_wrong(const struct call *, char *p);
/* The response to that. */
void	 odd_check(const struct call *, const struct response *);

#endif
