/*
 * draw: scenarios of the proof set, drawn from the ranges in draw.c: the same seed gives the same files.
 */
#ifndef BENCH_DRAW_H
#define BENCH_DRAW_H

#include <stdbool.h>
#include <stdint.h>

/* FOLDER/SEED-NNN.scenario; false: it was reported to stderr. */
bool	draw_write(uint64_t seed, unsigned n, const char *folder);

#endif
