// Fields of the files of /proc/self.
#include "os/process_files.h"

#include "os/stat_file.h"

#if defined(__linux__)
#include <time.h>
#endif

namespace nanotally {
namespace {

constexpr double kKibibyte = 1024;

}  // namespace

ProcessStatus ReadProcessStatus(const std::string& root) {
  const auto text = ReadKernelFile(root + "/proc/self/status");
  if (!text) return {};
  ProcessStatus status;
  status.virtual_bytes = FindCount(*text, "VmSize:", kKibibyte);
  status.resident_bytes = FindCount(*text, "VmRSS:", kKibibyte);
  status.peak_resident_bytes = FindCount(*text, "VmHWM:", kKibibyte);
  status.anonymous_bytes = FindCount(*text, "RssAnon:", kKibibyte);
  status.file_bytes = FindCount(*text, "RssFile:", kKibibyte);
  status.shared_memory_bytes = FindCount(*text, "RssShmem:", kKibibyte);
  status.data_bytes = FindCount(*text, "VmData:", kKibibyte);
  status.swap_bytes = FindCount(*text, "VmSwap:", kKibibyte);
  status.page_table_bytes = FindCount(*text, "VmPTE:", kKibibyte);
  status.threads = FindCount(*text, "Threads:");
  status.descriptor_slots = FindCount(*text, "FDSize:");
  return status;
}

ProcessIo ReadProcessIo(const std::string& root) {
  const auto text = ReadKernelFile(root + "/proc/self/io");
  if (!text) return {};
  ProcessIo io;
  io.read_bytes = FindCount(*text, "rchar:");
  io.written_bytes = FindCount(*text, "wchar:");
  io.reads = FindCount(*text, "syscr:");
  io.writes = FindCount(*text, "syscw:");
  io.storage_read_bytes = FindCount(*text, "read_bytes:");
  io.storage_written_bytes = FindCount(*text, "write_bytes:");
  io.storage_cancelled_bytes = FindCount(*text, "cancelled_write_bytes:");
  return io;
}

Reading ReadStartSinceBoot(const std::string& root) {
  constexpr int kStartTime = 22;
  const auto text = ReadKernelFile(root + "/proc/self/stat");
  return text ? StatField(*text, kStartTime, TickSeconds()) : std::nullopt;
}

#if defined(__linux__)

Reading BootUnixSeconds() noexcept {
  timespec since_epoch;
  timespec since_boot;
  if (clock_gettime(CLOCK_REALTIME, &since_epoch) != 0) return std::nullopt;
  if (clock_gettime(CLOCK_BOOTTIME, &since_boot) != 0) return std::nullopt;
  return static_cast<double>(since_epoch.tv_sec - since_boot.tv_sec) +
         static_cast<double>(since_epoch.tv_nsec - since_boot.tv_nsec) / 1e9;
}

#else

Reading BootUnixSeconds() noexcept { return std::nullopt; }

#endif

}  // namespace nanotally
