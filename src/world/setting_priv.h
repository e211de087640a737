/*
 * setting_priv: what the readers of settings share. Private to world/.
 */
#ifndef WORLD_SETTING_PRIV_H
#define WORLD_SETTING_PRIV_H

#include "world/setting.h"

/* Writes `problem` and is false, to be returned. */
bool	setting_wrong(char *problem, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
