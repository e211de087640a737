/*
 * CPU_MODE(constant, name, busy): where a CPU's time goes, in the order of /proc/stat. Guest time,
 * which follows there, is part of user and nice already. A CPU that waits for I/O is available;
 * stolen time is not.
 */
CPU_MODE(USER,    user,    true)
CPU_MODE(NICE,    nice,    true)
CPU_MODE(SYSTEM,  system,  true)
CPU_MODE(IDLE,    idle,    false)
CPU_MODE(IOWAIT,  iowait,  false)
CPU_MODE(IRQ,     irq,     true)
CPU_MODE(SOFTIRQ, softirq, true)
CPU_MODE(STEAL,   steal,   true)
