/*
 * directory: a vault in a folder, for one Mola and the ones that start after it. Each object is a
 * file, NAME.json, of mode 0600; what is written is on the disk before it counts. The folder is
 * locked for as long as the vault exists: a second Mola waits.
 *
 * Nothing is sealed, as a secret would lie on the same disk. A file that is damaged, or that
 * others may read or write, is an object that cannot be read (STORE_BROKEN): it is left as it is,
 * and its name stays taken. Files of other names are not looked at.
 */
#ifndef VAULT_DIRECTORY_H
#define VAULT_DIRECTORY_H

#include "vault/vault.h"

/* `path` is absolute. The last part of it is made, with mode 0700, when it is not there. What is
 * wrong with it is in the status, and it is tried again every two seconds. */
struct vault	*directory_new(struct loop *, const char *path);

/*
 * One object as a file. Pure. The writer's result is to be freed. False: it is not one, or not
 * the whole of one, or has another name than its file; else strings belong to *keep, which the
 * caller gives back with json_decref, and `data` is to be freed.
 */
char		*directory_file_write(const struct vault_object *);
bool		 directory_file_read(struct str text, const char *name, struct vault_object *,
		    json_t **keep);

/* Whether there are objects in it, of this Mola or of one before. */
bool		 directory_is_used(const char *path);

#endif
