// The families that tell of what is around the process: its network namespace, its control groups,
// and what it and its neighbours wait for. docs/runtime-metrics.md lists them all.
#pragma once

#include <array>

#include "os/cgroup_files.h"
#include "os/network_files.h"
#include "os/pressure_files.h"
#include "runtime/family_table.h"
#include "runtime/process_families.h"

namespace nanotally {

inline constexpr auto kInterfaceFamilies = std::to_array<FamilyRow<NetworkInterface>>({
    {{"process_network_receive_bytes_total", kCounter, "bytes", "interface",
      "Bytes received in the process's network namespace, by all that share it."},
     {{{"", &NetworkInterface::received_bytes}}}},
    {{"process_network_receive_drops_total", kCounter, "", "interface",
      "Received packets dropped in the process's network namespace."},
     {{{"", &NetworkInterface::receive_drops}}}},
    {{"process_network_receive_errors_total", kCounter, "", "interface",
      "Errors of receiving in the process's network namespace."},
     {{{"", &NetworkInterface::receive_errors}}}},
    {{"process_network_receive_packets_total", kCounter, "", "interface",
      "Packets received in the process's network namespace, by all that share it."},
     {{{"", &NetworkInterface::received_packets}}}},
    {{"process_network_transmit_bytes_total", kCounter, "bytes", "interface",
      "Bytes sent in the process's network namespace, by all that share it."},
     {{{"", &NetworkInterface::transmitted_bytes}}}},
    {{"process_network_transmit_drops_total", kCounter, "", "interface",
      "Packets to be sent that were dropped in the process's network namespace."},
     {{{"", &NetworkInterface::transmit_drops}}}},
    {{"process_network_transmit_errors_total", kCounter, "", "interface",
      "Errors of sending in the process's network namespace."},
     {{{"", &NetworkInterface::transmit_errors}}}},
    {{"process_network_transmit_packets_total", kCounter, "", "interface",
      "Packets sent in the process's network namespace, by all that share it."},
     {{{"", &NetworkInterface::transmitted_packets}}}},
});

inline constexpr auto kTcpFamilies = std::to_array<FamilyRow<TcpStatistics>>({
    {{"process_network_tcp_connections", kGauge, "", "",
      "TCP connections established in the process's network namespace."},
     {{{"", &TcpStatistics::established}}}},
    {{"process_network_tcp_received_segments_total", kCounter, "", "",
      "TCP segments received in the process's network namespace."},
     {{{"", &TcpStatistics::received_segments}}}},
    {{"process_network_tcp_retransmitted_segments_total", kCounter, "", "",
      "TCP segments sent again in the process's network namespace."},
     {{{"", &TcpStatistics::retransmitted_segments}}}},
    {{"process_network_tcp_sent_segments_total", kCounter, "", "",
      "TCP segments sent in the process's network namespace, each once."},
     {{{"", &TcpStatistics::sent_segments}}}},
});

inline constexpr auto kPressureFamilies = std::to_array<FamilyRow<Pressure>>({
    {{"process_pressure_ratio", kGauge, "ratio", "resource,scope,kind",
      "Share of the last 10 s for which some, or all (full), tasks waited for the resource, in the "
      "system or in the process's cgroup."},
     {{{"some", &Pressure::some_ratio}, {"full", &Pressure::full_ratio}}}},
    {{"process_pressure_stalled_seconds_total", kCounter, "seconds", "resource,scope,kind",
      "Time for which some, or all (full), tasks waited for the resource, in the system or in the "
      "process's cgroup."},
     {{{"some", &Pressure::some_seconds}, {"full", &Pressure::full_seconds}}}},
});

inline constexpr auto kCgroupMemoryFamilies = std::to_array<FamilyRow<CgroupMemory>>({
    {{"process_cgroup_memory_events_total", kCounter, "", "event",
      "Times that the process's cgroup went below its protection (low), above memory.high, against "
      "its limit (max), or was out of memory, and processes killed for that."},
     {{{"low", &CgroupMemory::low_events},
       {"high", &CgroupMemory::high_events},
       {"max", &CgroupMemory::max_events},
       {"oom", &CgroupMemory::oom_events},
       {"oom_kill", &CgroupMemory::oom_kill_events}}}},
    {{"process_cgroup_memory_headroom_bytes", kGauge, "bytes", "",
      "What the tightest memory limit of the process's cgroup and its ancestors leaves."},
     {{{"", &CgroupMemory::headroom_bytes}}}},
    {{"process_cgroup_memory_high_bytes", kGauge, "bytes", "",
      "The lowest memory.high, above which memory is reclaimed, of the process's cgroup and its "
      "ancestors."},
     {{{"", &CgroupMemory::throttling_bytes}}}},
    {{"process_cgroup_memory_limit_bytes", kGauge, "bytes", "",
      "The lowest memory limit of the process's cgroup and its ancestors."},
     {{{"", &CgroupMemory::limit_bytes}}}},
    {{"process_cgroup_memory_peak_bytes", kGauge, "bytes", "",
      "The most memory that the process's cgroup had."},
     {{{"", &CgroupMemory::peak_bytes}}}},
    {{"process_cgroup_memory_swap_bytes", kGauge, "bytes", "",
      "Memory of the process's cgroup that is swapped out."},
     {{{"", &CgroupMemory::swap_bytes}}}},
    {{"process_cgroup_memory_usage_bytes", kGauge, "bytes", "",
      "Memory of the process's cgroup, page cache included."},
     {{{"", &CgroupMemory::usage_bytes}}}},
    {{"process_cgroup_memory_working_set_bytes", kGauge, "bytes", "",
      "Memory of the process's cgroup without the page cache that is not in active use."},
     {{{"", &CgroupMemory::working_set_bytes}}}},
});

inline constexpr auto kCgroupCpuFamilies = std::to_array<FamilyRow<CgroupCpu>>({
    {{"process_cgroup_cpu_limit_cores", kGauge, "cores", "",
      "The lowest CPU quota of the process's cgroup and its ancestors, as a number of CPUs."},
     {{{"", &CgroupCpu::limit_cores}}}},
    {{"process_cgroup_cpu_periods_total", kCounter, "", "",
      "Periods in which the CPU quota of the process's cgroup was dealt out."},
     {{{"", &CgroupCpu::periods}}}},
    {{"process_cgroup_cpu_seconds_total", kCounter, "seconds", "",
      "CPU time that the process's cgroup spent."},
     {{{"", &CgroupCpu::seconds}}}},
    {{"process_cgroup_cpu_throttled_periods_total", kCounter, "", "",
      "Periods in which the process's cgroup used up its CPU quota."},
     {{{"", &CgroupCpu::throttled_periods}}}},
    {{"process_cgroup_cpu_throttled_seconds_total", kCounter, "seconds", "",
      "Time for which the process's cgroup was kept from running by its CPU quota."},
     {{{"", &CgroupCpu::throttled_seconds}}}},
});

inline constexpr auto kCgroupPidsFamilies = std::to_array<FamilyRow<CgroupPids>>({
    {{"process_cgroup_pids", kGauge, "", "", "Processes and threads of the process's cgroup."},
     {{{"", &CgroupPids::count}}}},
    {{"process_cgroup_pids_limit", kGauge, "", "",
      "The lowest limit of processes and threads of the process's cgroup and its ancestors."},
     {{{"", &CgroupPids::limit}}}},
});

}  // namespace nanotally
