#include "signals/facts.h"

const struct fact fact_all[FACT_COUNT] = {
#define NODE_METRIC(id, name, type, sampled, help) \
	{ { #name, sizeof #name - 1 }, #type, help, sampled },
#include "tbl/node_metrics.h"
#undef NODE_METRIC
};

const struct fact container_all[CONTAINER_COUNT] = {
#define CONTAINER_METRIC(id, name, type, sampled, help) \
	{ { #name, sizeof #name - 1 }, #type, help, sampled },
#include "tbl/container_metrics.h"
#undef CONTAINER_METRIC
};

const struct mode mode_all[MODE_COUNT] = {
#define CPU_MODE(id, name, busy) { { #name, sizeof #name - 1 }, busy },
#include "tbl/cpu_modes.h"
#undef CPU_MODE
};

/* Two modes of one name do not compile. */
enum {
#define CPU_MODE(id, name, busy) NAME_OF_MODE_##name,
#include "tbl/cpu_modes.h"
#undef CPU_MODE
};

bool
fact_real_net(struct str device)
{
#define UNREAL_NET(prefix) if (str_starts(device, STR(prefix))) return false;
#include "tbl/unreal_devices.h"
#undef UNREAL_NET
	return device.len > 0 && !str_eq(device, STR("lo"));
}

bool
fact_real_disk(struct str device)
{
#define UNREAL_DISK(prefix) if (str_starts(device, STR(prefix))) return false;
#include "tbl/unreal_devices.h"
#undef UNREAL_DISK
	return device.len > 0;
}
