/*
 * What Mola reads from a node_exporter's page and what its agent exports under the same names, one
 * row each; rows whose names begin with mola_node_ are the agent's alone.
 * NODE_METRIC(constant, name, type, sampled, help): `sampled` rows make a sample
 * (signals/node.c) and so travel in the agent's stream too; the others are on its page only, for
 * people and for Prometheus. signals/proc_page.c says how a row is read here.
 */
NODE_METRIC(CPU, node_cpu_seconds_total, counter, true, "Seconds each CPU spent in each mode.")
NODE_METRIC(QUOTA, mola_node_quota_cores, gauge, true,
    "Cores that the node may use, where it is a cgroup with a quota and a /proc of its own.")
NODE_METRIC(RUNNING, node_procs_running, gauge, true,
    "Threads running or waiting for a CPU, the reader included.")
NODE_METRIC(BLOCKED, node_procs_blocked, gauge, false, "Threads waiting for I/O.")
NODE_METRIC(LOAD1, node_load1, gauge, true, "Load average over 1 minute.")
NODE_METRIC(LOAD5, node_load5, gauge, false, "Load average over 5 minutes.")
NODE_METRIC(LOAD15, node_load15, gauge, false, "Load average over 15 minutes.")
NODE_METRIC(BOOTED, node_boot_time_seconds, gauge, false, "When the node booted, as Unix time.")
NODE_METRIC(MEM_TOTAL, node_memory_MemTotal_bytes, gauge, true, "Memory of the node.")
NODE_METRIC(MEM_AVAILABLE, node_memory_MemAvailable_bytes, gauge, true,
    "Memory available without swapping.")
NODE_METRIC(MEM_FREE, node_memory_MemFree_bytes, gauge, true, "Unused memory.")
NODE_METRIC(MEM_BUFFERS, node_memory_Buffers_bytes, gauge, true,
    "Memory in buffers of block devices.")
NODE_METRIC(MEM_CACHED, node_memory_Cached_bytes, gauge, true, "Memory in the page cache.")
NODE_METRIC(MEM_SLAB, node_memory_Slab_bytes, gauge, true, "Memory in the kernel's slabs.")
NODE_METRIC(PSI_CPU, node_pressure_cpu_waiting_seconds_total, counter, true,
    "Seconds in which some thread waited for a CPU.")
NODE_METRIC(PSI_MEM, node_pressure_memory_waiting_seconds_total, counter, true,
    "Seconds in which some thread waited for memory.")
NODE_METRIC(PSI_MEM_FULL, node_pressure_memory_stalled_seconds_total, counter, true,
    "Seconds in which all threads waited for memory.")
NODE_METRIC(PSI_IO, node_pressure_io_waiting_seconds_total, counter, true,
    "Seconds in which some thread waited for I/O.")
NODE_METRIC(PSI_IO_FULL, node_pressure_io_stalled_seconds_total, counter, true,
    "Seconds in which all threads waited for I/O.")
NODE_METRIC(DISK_IO_TIME, node_disk_io_time_seconds_total, counter, true,
    "Seconds in which the disk was busy.")
NODE_METRIC(NET_RECEIVE, node_network_receive_bytes_total, counter, true,
    "Bytes received by the interface.")
NODE_METRIC(NET_TRANSMIT, node_network_transmit_bytes_total, counter, true,
    "Bytes sent by the interface.")
