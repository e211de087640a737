/*
 * emu: an emulated node: cores that containers share as the kernel shares them (sharing/cores.h), with requests, tenants and
 * hogs on them. Time in it is exact: what was due while nobody looked is made up for in the right order. A herd is all nodes
 * that share one alarm.
 */
#ifndef BENCH_EMU_H
#define BENCH_EMU_H

#include <sys/queue.h>

#include "orca.h"
#include "ram.h"
#include "serve.h"
#include "sharing/cores.h"
#include "wake.h"

struct herd {
	struct heap	 due;		/* nodes by the next thing that happens on them */
	struct wake	 wake;
	bool		 orca;		/* responses carry a report of the node's load */
};

#define EMU_LASTING_MAX	1024		/* containers of tenants that stay, on one node */
#define EMU_HOGS_MAX	64

struct emu_limits {			/* of a container */
	double		 weight;	/* cpu.shares */
	double		 quota;		/* cores; INFINITY: none */
};

struct emu_conf {
	double		 cores;
	struct ram	 ram;
	bool		 by_thread;	/* everything is in one container */
	struct emu_limits ours, tenants;
	unsigned	 hogs;		/* containers among which a hog's threads are divided; at least 1 */
};

struct emu_box {			/* a container */
	LIST_ENTRY(emu_box) link;
	struct cores_group *group;
	struct emu_limits limits;
	unsigned	 number;	/* never used again on its node; 1: our task */
	bool		 lasts;		/* without threads, too */
	double		 available, used; /* cores, as the agent last reckoned; NaN: it has not looked yet */
};

struct emu {				/* fields are for reading */
	struct heap_node due;
	struct herd	*herd;
	unsigned	 set, number;	/* from 0, from 1 */
	int64_t		 born;
	struct emu_conf	 conf;
	struct cores	 cpu;
	struct cores	 waits;		/* requests whose CPU work is done: as on a CPU with a core for each */
	struct cores_group *waiting;
	struct ram	 ram;
	LIST_HEAD(, emu_box) boxes;
	struct emu_box	*ours, *hog_box[EMU_HOGS_MAX], *lasting[EMU_LASTING_MAX];
	unsigned	 nboxes;	/* ever */
	unsigned	 working, tenants, hog;	/* threads: requests that want the CPU; of others */
	double		 others_usec;	/* core-microseconds that tenants and hogs have used, ever */
	uint64_t	 arrived, done;	/* requests */
	struct orca	 orca;
	int64_t		 looked_usec;	/* by the agent */
};

/* `fn` is called when something is due, or may be: it must call herd_run. */
void		 herd_init(struct herd *, struct loop *, timer_f *fn, void *arg);
void		 herd_run(struct herd *, int64_t now_usec);

struct emu	*emu_new(struct herd *, unsigned set, unsigned number, const struct emu_conf *, int64_t born_usec);
void		 emu_catch_up(struct emu *, int64_t now_usec);
/* All of these catch up first. */
void		 emu_take(struct emu *, struct serve_request *, int64_t now_usec);	/* a request: ?work=SECONDS&io=SECONDS&hold=MIB */
/* Threads of a tenant: in a container of their own that goes with the last of them, or in a lasting one of that number. */
#define EMU_OWN		(-1)
void		 emu_tenant(struct emu *, int container, const double *work_usec, unsigned threads, int64_t now_usec);
void		 emu_hog(struct emu *, int threads_more, int64_t now_usec);
unsigned	 emu_ours(const struct emu *);		/* requests that want the CPU */
unsigned	 emu_others(const struct emu *);	/* threads of tenants and hogs */

#endif
