/*
 * Devices whose traffic is not the machine's own, or is counted a second time elsewhere, by the
 * start of their names. UNREAL_NET(prefix), UNREAL_DISK(prefix). The loopback "lo" is left out by
 * its whole name.
 */
#ifdef UNREAL_NET
UNREAL_NET("veth")
UNREAL_NET("docker")
UNREAL_NET("br-")
UNREAL_NET("virbr")
UNREAL_NET("vxlan")
UNREAL_NET("vx-")
UNREAL_NET("ifb")
UNREAL_NET("dummy")
#endif
#ifdef UNREAL_DISK
UNREAL_DISK("ram")
UNREAL_DISK("zram")
UNREAL_DISK("loop")
UNREAL_DISK("fd")
UNREAL_DISK("sr")
#endif
