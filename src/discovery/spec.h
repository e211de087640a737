/*
 * spec: the specification of a service as the Engine sent it, changed without losing anything
 * else. What is not changed stays byte for byte as it was sent, keys and numbers that Mola does
 * not know included.
 */
#ifndef DISCOVERY_SPEC_H
#define DISCOVERY_SPEC_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"
#include "base/str.h"

/*
 * JSON of the Engine, for reading, editing and comparing. Integers of up to 18 digits are
 * integers; any other number becomes a string of its digits: nothing is rounded, and nothing is
 * too large. NULL: this is not JSON.
 */
json_t	*spec_read(struct str json);
/*
 * Writes the member "Spec" of a service object, which `json` is the text of, with what differs
 * between `before` and `after`: the same specification out of spec_read, and edited. False:
 * there is no such member, or no room in `out`.
 */
bool	 spec_write(struct str json, const json_t *before, const json_t *after, struct buf *out);
/*
 * What became of a specification that was `before`, was sent as `sent`, and now reads `now`:
 * writes the paths of what is not as it was sent, "TaskTemplate.Resources.SwapBytes, ...", and
 * returns how many there are. What is empty may be absent. What the Engine adds to an object
 * that was not there before does not count.
 */
unsigned spec_differ(const json_t *before, const json_t *sent, const json_t *now,
	    struct buf *paths);

#endif
