/*
 * user_files: files with users of basicAuth and digestAuth that labels name, as they are where Mola
 * runs: secrets of the Swarm, or mounted ones. Read in a pass that wants them, and looked at again
 * every two seconds.
 */
#ifndef ENGINE_USER_FILES_H
#define ENGINE_USER_FILES_H

#include "net/loop.h"

struct user_files;

/* `changed`: one of them is another than in the last pass. */
struct user_files	*user_files_new(struct loop *, void (*changed)(void *), void *arg);
void			 user_files_free(struct user_files **);
/* What is not read between these is forgotten. */
void			 user_files_begin(struct user_files *);
void			 user_files_end(struct user_files *);
/* As swarm_file_f; the text stays until it is forgotten. */
const char		*user_files_read(void *files, const char *path, const char **problem);

#endif
