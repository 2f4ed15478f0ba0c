// The families that tell of the process and its threads alone. Names that prom-client has are its
// own; docs/runtime-metrics.md lists them all.
#pragma once

#include <array>

#include "os/allocator.h"
#include "os/process_files.h"
#include "os/resource_usage.h"
#include "os/thread_files.h"
#include "runtime/family_table.h"

namespace nanotally {

inline constexpr auto kCounter = MetricType::kCounter;
inline constexpr auto kGauge = MetricType::kGauge;

// Where the system tells it in two places, one of them is absent.
inline constexpr FamilyHead kPeakMemory = {"process_resident_memory_peak_bytes", kGauge, "bytes",
                                           "", "The most resident memory that the process had."};

inline constexpr auto kUsageFamilies = std::to_array<FamilyRow<ResourceUsage>>({
    {{"process_cpu_seconds_total", kCounter, "seconds", "", "User and system CPU time spent."},
     {{{"", &ResourceUsage::cpu_seconds}}}},
    {{"process_cpu_system_seconds_total", kCounter, "seconds", "", "System CPU time spent."},
     {{{"", &ResourceUsage::system_seconds}}}},
    {{"process_cpu_user_seconds_total", kCounter, "seconds", "", "User CPU time spent."},
     {{{"", &ResourceUsage::user_seconds}}}},
    {{"process_context_switches_total", kCounter, "", "kind",
      "Times that a thread left a CPU: to wait (voluntary) or for another thread."},
     {{{"voluntary", &ResourceUsage::voluntary_switches},
       {"involuntary", &ResourceUsage::involuntary_switches}}}},
    {{"process_page_faults_total", kCounter, "", "kind",
      "Page faults: served without I/O (minor) or with it."},
     {{{"minor", &ResourceUsage::minor_faults}, {"major", &ResourceUsage::major_faults}}}},
    {kPeakMemory, {{{"", &ResourceUsage::peak_resident_bytes}}}},
});

inline constexpr auto kStatusFamilies = std::to_array<FamilyRow<ProcessStatus>>({
    {{"process_heap_bytes", kGauge, "bytes", "",
      "Private and writable memory, resident or not (VmData)."},
     {{{"", &ProcessStatus::data_bytes}}}},
    {{"process_page_table_bytes", kGauge, "bytes", "", "Memory of the page tables."},
     {{{"", &ProcessStatus::page_table_bytes}}}},
    {{"process_resident_memory_bytes", kGauge, "bytes", "", "Resident memory."},
     {{{"", &ProcessStatus::resident_bytes}}}},
    {{"process_resident_memory_anonymous_bytes", kGauge, "bytes", "",
      "Resident memory that is no file's: heaps and stacks."},
     {{{"", &ProcessStatus::anonymous_bytes}}}},
    {{"process_resident_memory_file_bytes", kGauge, "bytes", "",
      "Resident memory that is files': programs, libraries, mapped files."},
     {{{"", &ProcessStatus::file_bytes}}}},
    {{"process_resident_memory_shared_bytes", kGauge, "bytes", "",
      "Resident memory that is shared (tmpfs, System V, anonymous)."},
     {{{"", &ProcessStatus::shared_memory_bytes}}}},
    {kPeakMemory, {{{"", &ProcessStatus::peak_resident_bytes}}}},
    {{"process_swap_bytes", kGauge, "bytes", "", "Anonymous memory that is swapped out."},
     {{{"", &ProcessStatus::swap_bytes}}}},
    {{"process_threads", kGauge, "", "", "Threads of the process."},
     {{{"", &ProcessStatus::threads}}}},
    {{"process_virtual_memory_bytes", kGauge, "bytes", "", "Virtual memory."},
     {{{"", &ProcessStatus::virtual_bytes}}}},
});

struct OpenFiles {
  Reading count;
};
inline constexpr auto kOpenFileFamilies = std::to_array<FamilyRow<OpenFiles>>({
    {{"process_open_fds", kGauge, "", "", "File descriptors that are open."},
     {{{"", &OpenFiles::count}}}},
});

struct FileLimit {
  Reading count;
};
inline constexpr auto kFileLimitFamilies = std::to_array<FamilyRow<FileLimit>>({
    {{"process_max_fds", kGauge, "", "", "How many file descriptors may be open (soft limit)."},
     {{{"", &FileLimit::count}}}},
});

struct StartTime {
  Reading unix_seconds;
};
inline constexpr auto kStartFamilies = std::to_array<FamilyRow<StartTime>>({
    {{"process_start_time_seconds", kGauge, "seconds", "",
      "When the process was started, in seconds since the Unix epoch."},
     {{{"", &StartTime::unix_seconds}}}},
});

inline constexpr auto kIoFamilies = std::to_array<FamilyRow<ProcessIo>>({
    {{"process_disk_cancelled_write_bytes_total", kCounter, "bytes", "",
      "Bytes that were to be written to storage and were not, as the file was deleted or cut."},
     {{{"", &ProcessIo::storage_cancelled_bytes}}}},
    {{"process_disk_read_bytes_total", kCounter, "bytes", "", "Bytes fetched from storage."},
     {{{"", &ProcessIo::storage_read_bytes}}}},
    {{"process_disk_written_bytes_total", kCounter, "bytes", "",
      "Bytes that were handed on to be written to storage."},
     {{{"", &ProcessIo::storage_written_bytes}}}},
    {{"process_io_read_bytes_total", kCounter, "bytes", "",
      "Bytes that read(2) and its kin returned, of files, pipes and sockets."},
     {{{"", &ProcessIo::read_bytes}}}},
    {{"process_io_reads_total", kCounter, "", "", "Calls of read(2) and its kin."},
     {{{"", &ProcessIo::reads}}}},
    {{"process_io_writes_total", kCounter, "", "", "Calls of write(2) and its kin."},
     {{{"", &ProcessIo::writes}}}},
    {{"process_io_written_bytes_total", kCounter, "bytes", "",
      "Bytes that write(2) and its kin took, of files, pipes and sockets."},
     {{{"", &ProcessIo::written_bytes}}}},
});

inline constexpr auto kAllocatorFamilies = std::to_array<FamilyRow<AllocatorStatistics>>({
    {{"process_allocator_bytes", kGauge, "bytes", "state",
      "Memory that malloc has from the system: used, free within its heaps, or mapped for single "
      "large allocations. V8's heaps are not in it. Read as often as costs 0.1 % of the time."},
     {{{"used", &AllocatorStatistics::used_bytes},
       {"free", &AllocatorStatistics::free_bytes},
       {"mapped", &AllocatorStatistics::mapped_bytes}}}},
    {{"process_allocator_free_chunks", kGauge, "", "",
      "Pieces that malloc's free memory is in: many small ones are fragmentation."},
     {{{"", &AllocatorStatistics::free_chunks}}}},
});

inline constexpr auto kThreadFamilies = std::to_array<FamilyRow<ThreadStatistics>>({
    {{"thread_context_switches_total", kCounter, "", "thread,kind",
      "Times that the thread left a CPU: to wait (voluntary) or for another thread."},
     {{{"voluntary", &ThreadStatistics::voluntary_switches},
       {"involuntary", &ThreadStatistics::involuntary_switches}}}},
    {{"thread_cpu_seconds_total", kCounter, "seconds", "thread,mode",
      "CPU time that the thread spent, in ticks of 10 ms."},
     {{{"user", &ThreadStatistics::user_seconds}, {"system", &ThreadStatistics::system_seconds}}}},
    {{"thread_run_queue_wait_seconds_total", kCounter, "seconds", "thread",
      "Time that the thread was ready to run and waited for a CPU."},
     {{{"", &ThreadStatistics::run_queue_seconds}}}},
});

}  // namespace nanotally
