/*
 * emu: an emulated node: a virtual CPU with requests, tenants and hogs on it. Time in it is exact: what was due
 * while nobody looked is made up for in the right order. A herd is all nodes that share one alarm.
 */
#ifndef BENCH_EMU_H
#define BENCH_EMU_H

#include "orca.h"
#include "ram.h"
#include "serve.h"
#include "vcpu.h"
#include "wake.h"

struct herd {
	struct heap	 due;		/* nodes by the next thing that happens on them */
	struct wake	 wake;
	bool		 orca;		/* responses carry a report of the node's load */
};

struct emu {				/* fields are for reading */
	struct heap_node due;
	struct herd	*herd;
	unsigned	 number;	/* from 1 */
	int64_t		 born;
	struct vcpu	 cpu;
	struct vcpu	 waits;		/* requests whose CPU work is done: as on a CPU with a core for each */
	struct ram	 ram;
	unsigned	 tenants, hog;	/* threads of others */
	uint64_t	 arrived, done;	/* requests */
	struct orca	 orca;
};

/* `fn` is called when something is due, or may be: it must call herd_run. */
void		 herd_init(struct herd *, struct loop *, timer_f *fn, void *arg);
void		 herd_run(struct herd *, int64_t now_usec);

struct emu	*emu_new(struct herd *, unsigned number, double cores, const struct ram *, int64_t born_usec);
void		 emu_catch_up(struct emu *, int64_t now_usec);
/* All of these catch up first. */
void		 emu_take(struct emu *, struct serve_request *, int64_t now_usec);	/* a request: ?work=SECONDS&io=SECONDS&hold=MIB */
void		 emu_tenant(struct emu *, double work_usec, int64_t now_usec);	/* a tenant's thread */
void		 emu_hog(struct emu *, int threads_more, int64_t now_usec);
unsigned	 emu_ours(const struct emu *);		/* requests that want the CPU */
unsigned	 emu_others(const struct emu *);	/* threads of tenants and hogs */

#endif
