/*
 * sample: what a node was at one moment. Rates are means over `span_usec` before `taken_usec`.
 * NAN stands for "not known"; only cores and busy are always there.
 */
#ifndef WORLD_SAMPLE_H
#define WORLD_SAMPLE_H

#include <stdint.h>

enum sample_source { SOURCE_NONE, SOURCE_NODE_EXPORTER, SOURCE_AGENT, SOURCE_PROMETHEUS };

struct sample {
	int64_t	 taken_usec;		/* CLOCK_MONOTONIC of this machine, when the response began */
	int64_t	 span_usec;		/* over which rates were taken, > 0 */
	enum sample_source source;
	double	 cores;			/* CPUs online, > 0 */
	double	 busy;			/* cores in use, 0..cores: neither idle nor iowait; steal is lost, thus busy */
	/* threads running or waiting for a core at that instant, the observer itself not counted */
	double	 running;
	double	 load1;
	double	 memory_total_bytes, memory_available_bytes;
	/* ratio 0..1 */
	double	 psi_cpu_waiting, psi_memory_waiting, psi_memory_stalled, psi_io_waiting, psi_io_stalled;
	double	 disk_busy;		/* the busiest disk, ratio 0..1 */
	double	 net_receive, net_transmit;	/* bytes per second over real interfaces */
};

/* What a sample may lack, while it has all else (score/fields.h). */
enum sample_part { PART_MEMORY, PART_CPU_WAITING, PART_MEMORY_WAITING, PART_IO_WAITING, PART_DISK,
    PART_NET, SAMPLE_PARTS };

/* Where a part that is known comes from. */
struct sample_origin {
	int64_t	 taken_usec;		/* 0: the part is not known */
	/* of the last sample that had it, though it may be too old to know it; 0: none did; and how long
	 * after the one before */
	int64_t	 last_usec, gap_usec;
	enum sample_source source;
};

#endif
