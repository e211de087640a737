/*
 * assets: sends the files of the page (web.h). They hold no data, so that everyone may have them.
 */
#ifndef ADMIN_ASSETS_H
#define ADMIN_ASSETS_H

#include "admin/web.h"
#include "http/server.h"

/* The file of a path such as /web/app.js; NULL: there is none. */
const struct web_file *asset_find(struct str path);
/* Does the client want a page, as browsers do, rather than a text? */
bool		 asset_page_wanted(const struct request *);
/* The page, or a file of it; 304 when the client has it already. */
void		 asset_reply_page(struct request *);
void		 asset_reply(struct request *, const struct web_file *);

#endif
