/*
 * web: the files of the page, which tools/embed has made C of: those of src/web, and uPlot.
 */
#ifndef ADMIN_WEB_H
#define ADMIN_WEB_H

#include "base/str.h"

struct web_file {
	const char	*name;		/* below /web/ */
	const char	*type;		/* Content-Type */
	const char	*sum;		/* of its bytes, in hex */
	struct str	 plain, gzip;
};

extern const struct web_file web_files[];
extern const size_t web_nfiles;

#endif
