#include "base/bug.h"
#include "frames.h"

void
frames_send(struct frames *f, nghttp2_session *session, struct end *e)
{
	ssize_t n;

	for (;;) {
		if (f->len == 0) {
			n = nghttp2_session_mem_send(session, &f->left);
			ASSERT(n >= 0);
			f->len = (size_t)n;
		}
		if (f->len == 0 || (n = end_write(e, f->left, f->len)) < 0)
			return;
		f->left += n;
		f->len -= (size_t)n;
	}
}
