// Files below /proc and /sys as they were recorded from a Node.js program with a worker on
// Linux 6.18, x86-64, with cgroups v1 and an empty v2 beside them (the groups' names, and mounts
// that matter to nothing here, are changed): a busy loop of 0.7 s, 50 buffers of 1 MiB, and 1 MiB
// written and synced.
#pragma once

#include "test/support/file_tree.h"

namespace nanotally {

inline constexpr int kRecordedMain = 9361;
inline constexpr int kRecordedWorker = 9368;

inline const FileTree::Files& RecordedMachine() {
  static const FileTree::Files files = {
      {"proc/self/status", R"(Name:	node
Umask:	0022
State:	R (running)
Tgid:	9361
Ngid:	0
Pid:	9361
PPid:	9315
TracerPid:	0
Uid:	0	0	0	0
Gid:	0	0	0	0
FDSize:	256
Groups:	 
Kthread:	0
VmPeak:	 1646824 kB
VmSize:	 1646572 kB
VmLck:	       0 kB
VmPin:	       0 kB
VmHWM:	  109932 kB
VmRSS:	  109932 kB
RssAnon:	   68308 kB
RssFile:	   41624 kB
RssShmem:	       0 kB
VmData:	  116584 kB
VmStk:	     132 kB
VmExe:	   27208 kB
VmLib:	    6324 kB
VmPTE:	     992 kB
VmSwap:	       0 kB
HugetlbPages:	       0 kB
CoreDumping:	0
THP_enabled:	1
Threads:	8
NoNewPrivs:	0
voluntary_ctxt_switches:	36
nonvoluntary_ctxt_switches:	10
)"},
      {"proc/self/stat",
       R"(9361 (node) R 9315 9315 10052 0 -1 4194304 17897 0 17 0 79 6 0 0 20 0 8 0 2940841 1686089728 27415 18446744073709551615 11988992 39846385 140722856818512 0 0 0 0 16781312 17922 0 0 0 17 1 0 0 0 0 0 90418888 90555584 293199872 140722856821893 140722856823333 140722856823333 140722856824810 0
)"},
      {"proc/self/io", R"(rchar: 257033
wchar: 1048649
syscr: 103
syscw: 11
read_bytes: 26157056
write_bytes: 1069056
cancelled_write_bytes: 0
)"},
      {"proc/self/net/dev",
       R"(Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1064463419  331847    0    0    0     0          0         0 1064463419  331847    0    0    0     0       0          0
  ifb0:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  ifb1:       0       0    0    0    0     0          0         0        0       0    0    0    0     0       0          0
  eth0: 3872696142   95642    0    0    0     0          0         0  8131630   64373    0    0    0     0       0          0
)"},
      {"proc/self/net/snmp",
       R"(Ip: Forwarding DefaultTTL InReceives InHdrErrors InAddrErrors ForwDatagrams InUnknownProtos InDiscards InDelivers OutRequests OutDiscards OutNoRoutes ReasmTimeout ReasmReqds ReasmOKs ReasmFails FragOKs FragFails FragCreates OutTransmits
Ip: 2 64 426822 0 0 0 0 0 426822 393328 0 0 0 0 0 0 0 0 0 393328
Icmp: InMsgs InErrors InCsumErrors InDestUnreachs InTimeExcds InParmProbs InSrcQuenchs InRedirects InEchos InEchoReps InTimestamps InTimestampReps InAddrMasks InAddrMaskReps OutMsgs OutErrors OutRateLimitGlobal OutRateLimitHost OutDestUnreachs OutTimeExcds OutParmProbs OutSrcQuenchs OutRedirects OutEchos OutEchoReps OutTimestamps OutTimestampReps OutAddrMasks OutAddrMaskReps
Icmp: 3 0 0 3 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
IcmpMsg: InType3
IcmpMsg: 3
Tcp: RtoAlgorithm RtoMin RtoMax MaxConn ActiveOpens PassiveOpens AttemptFails EstabResets CurrEstab InSegs OutSegs RetransSegs InErrs OutRsts InCsumErrors
Tcp: 1 200 120000 -1 11731 8145 3068 376 0 426402 395153 187 0 4323 0
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
Udp: 1007 0 0 1010 0 0 0 0 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
UdpLite: 0 0 0 0 0 0 0 0 0
)"},
      {"proc/self/cgroup", R"(9:name=systemd:/
8:pids:/
7:blkio:/
6:freezer:/
5:devices:/
4:memory:/service/instance
3:cpuset:/
2:cpuacct:/
1:cpu:/
0::/
)"},
      {"proc/self/mountinfo", R"(22 27 0:21 / /proc rw,relatime - proc proc rw
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
24 27 0:6 / /dev rw,relatime - devtmpfs devtmpfs rw,size=12334492k,nr_inodes=3083623,mode=755
25 24 0:23 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k
26 24 0:24 / /dev/pts rw,relatime - devpts devpts rw,mode=600,ptmxmode=000
27 1 254:0 / / rw,relatime - ext4 /dev/vda rw,discard,resv_strict,resuid=65534,resgid=65534
29 26 0:26 / /dev/pts rw,relatime - devpts devpts rw,mode=600,ptmxmode=000
30 25 0:27 / /dev/shm rw,relatime - tmpfs tmpfs rw,size=24684092k
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
34 31 0:31 / /sys/fs/cgroup/cpuset rw,relatime - cgroup cgroup rw,cpuset
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
36 31 0:33 / /sys/fs/cgroup/devices rw,relatime - cgroup cgroup rw,devices
37 31 0:34 / /sys/fs/cgroup/freezer rw,relatime - cgroup cgroup rw,freezer
38 31 0:35 / /sys/fs/cgroup/blkio rw,relatime - cgroup cgroup rw,blkio
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
)"},
      {"proc/self/task/9361/stat",
       R"(9361 (node) R 9315 9315 10052 0 -1 4194304 15802 0 17 0 77 4 0 0 20 0 8 0 2940841 1686089728 27415 18446744073709551615 11988992 39846385 140722856818512 0 0 0 0 16781312 17922 0 0 0 17 1 0 0 0 0 0 90418888 90555584 293199872 140722856821893 140722856823333 140722856823333 140722856824810 0
)"},
      {"proc/self/task/9368/stat",
       R"(9368 (node) S 9315 9315 10052 0 -1 4194368 1861 0 0 0 1 1 0 0 20 0 8 0 2940853 1686089728 27415 18446744073709551615 11988992 39846385 140722856818512 0 0 0 0 16781312 17922 1 0 0 -1 0 0 0 0 0 0 90418888 90555584 293199872 140722856821893 140722856823333 140722856823333 140722856824810 0
)"},
      {"proc/self/task/9361/schedstat", R"(812666794 1845543 47
)"},
      {"proc/self/task/9368/schedstat", R"(34372834 5273988 22
)"},
      {"proc/self/task/9361/status", R"(Name:	node
Umask:	0022
State:	R (running)
Tgid:	9361
Ngid:	0
Pid:	9361
PPid:	9315
TracerPid:	0
Uid:	0	0	0	0
Gid:	0	0	0	0
FDSize:	256
Groups:	 
Kthread:	0
VmPeak:	 1646824 kB
VmSize:	 1646572 kB
VmLck:	       0 kB
VmPin:	       0 kB
VmHWM:	  109932 kB
VmRSS:	  109932 kB
RssAnon:	   68308 kB
RssFile:	   41624 kB
RssShmem:	       0 kB
VmData:	  116584 kB
VmStk:	     132 kB
VmExe:	   27208 kB
VmLib:	    6324 kB
VmPTE:	     992 kB
VmSwap:	       0 kB
HugetlbPages:	       0 kB
CoreDumping:	0
THP_enabled:	1
Threads:	8
NoNewPrivs:	0
voluntary_ctxt_switches:	36
nonvoluntary_ctxt_switches:	10
)"},
      {"proc/self/task/9368/status", R"(Name:	node
Umask:	0022
State:	S (sleeping)
Tgid:	9361
Ngid:	0
Pid:	9368
PPid:	9315
TracerPid:	0
Uid:	0	0	0	0
Gid:	0	0	0	0
FDSize:	256
Groups:	 
Kthread:	0
VmPeak:	 1646824 kB
VmSize:	 1646572 kB
VmLck:	       0 kB
VmPin:	       0 kB
VmHWM:	  109932 kB
VmRSS:	  109932 kB
RssAnon:	   68308 kB
RssFile:	   41624 kB
RssShmem:	       0 kB
VmData:	  116584 kB
VmStk:	     132 kB
VmExe:	   27208 kB
VmLib:	    6324 kB
VmPTE:	     992 kB
VmSwap:	       0 kB
HugetlbPages:	       0 kB
CoreDumping:	0
THP_enabled:	1
Threads:	8
NoNewPrivs:	0
voluntary_ctxt_switches:	6
nonvoluntary_ctxt_switches:	16
)"},
      {"proc/pressure/cpu", R"(some avg10=0.02 avg60=0.44 avg300=8.20 total=15593717293
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
)"},
      {"proc/pressure/memory", R"(some avg10=0.00 avg60=0.00 avg300=0.00 total=0
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
)"},
      {"proc/pressure/io", R"(some avg10=0.55 avg60=0.32 avg300=0.29 total=100120142
full avg10=0.55 avg60=0.30 avg300=0.25 total=40617843
)"},
      {"sys/fs/cgroup/memory/service/instance/memory.limit_in_bytes", R"(9223372036854771712
)"},
      {"sys/fs/cgroup/memory/service/instance/memory.usage_in_bytes", R"(254787584
)"},
      {"sys/fs/cgroup/memory/service/instance/memory.max_usage_in_bytes", R"(946032640
)"},
      {"sys/fs/cgroup/memory/service/instance/memory.failcnt", R"(0
)"},
      {"sys/fs/cgroup/memory/service/instance/memory.oom_control", R"(oom_kill_disable 0
under_oom 0
oom_kill 0
)"},
      {"sys/fs/cgroup/memory/service/instance/memory.stat", R"(cache 166600704
rss 72298496
rss_huge 0
shmem 0
mapped_file 35999744
dirty 606208
writeback 0
workingset_refault_anon 0
workingset_refault_file 155335
swap 0
swapcached 0
pgpgin 5880188
pgpgout 5825186
pgfault 6126302
pgmajfault 861
inactive_anon 72232960
active_anon 12288
inactive_file 96317440
active_file 70266880
unevictable 0
hierarchical_memory_limit 9223372036854771712
hierarchical_memsw_limit 9223372036854771712
total_cache 166600704
total_rss 72298496
total_rss_huge 0
total_shmem 0
total_mapped_file 35999744
total_dirty 606208
total_writeback 0
total_workingset_refault_anon 0
total_workingset_refault_file 155335
total_swap 0
total_swapcached 0
total_pgpgin 5880188
total_pgpgout 5825186
total_pgfault 6126302
total_pgmajfault 861
total_inactive_anon 72232960
total_active_anon 12288
total_inactive_file 96317440
total_active_file 70266880
total_unevictable 0
)"},
      {"sys/fs/cgroup/memory/service/memory.limit_in_bytes", R"(9223372036854771712
)"},
      {"sys/fs/cgroup/memory/service/memory.usage_in_bytes", R"(812339200
)"},
      {"sys/fs/cgroup/memory/service/memory.max_usage_in_bytes", R"(14925737984
)"},
      {"sys/fs/cgroup/memory/service/memory.failcnt", R"(0
)"},
      {"sys/fs/cgroup/memory/service/memory.oom_control", R"(oom_kill_disable 0
under_oom 0
oom_kill 0
)"},
      {"sys/fs/cgroup/memory/memory.limit_in_bytes", R"(9223372036854771712
)"},
      {"sys/fs/cgroup/memory/memory.usage_in_bytes", R"(333111296
)"},
      {"sys/fs/cgroup/memory/memory.max_usage_in_bytes", R"(14925737984
)"},
      {"sys/fs/cgroup/memory/memory.failcnt", R"(0
)"},
      {"sys/fs/cgroup/memory/memory.oom_control", R"(oom_kill_disable 0
under_oom 0
oom_kill 0
)"},
      {"sys/fs/cgroup/cpu/cpu.cfs_quota_us", R"(-1
)"},
      {"sys/fs/cgroup/cpu/cpu.cfs_period_us", R"(100000
)"},
      {"sys/fs/cgroup/cpu/cpu.stat", R"(nr_periods 0
nr_throttled 0
throttled_time 0
nr_bursts 0
burst_time 0
)"},
      {"sys/fs/cgroup/cpuacct/cpuacct.usage", R"(51019688757421
)"},
      {"sys/fs/cgroup/unified/cpu.pressure",
       R"(some avg10=0.02 avg60=0.44 avg300=8.20 total=15593717293
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
)"},
      {"sys/fs/cgroup/unified/memory.pressure", R"(some avg10=0.00 avg60=0.00 avg300=0.00 total=0
full avg10=0.00 avg60=0.00 avg300=0.00 total=0
)"},
      {"sys/fs/cgroup/unified/io.pressure",
       R"(some avg10=0.55 avg60=0.32 avg300=0.29 total=100120142
full avg10=0.55 avg60=0.30 avg300=0.25 total=40617843
)"},
      {"sys/fs/cgroup/unified/cpu.stat", R"(usage_usec 50854857472
user_usec 42949479131
system_usec 7905378341
nice_usec 7390873088
)"},
  };
  return files;
}

}  // namespace nanotally
