// What /proc/self tells of the process as a whole: proc_pid_status(5), proc_pid_stat(5),
// proc_pid_io(5). Absent where there is no such file. Any thread.
#pragma once

#include <string>

#include "os/kernel_text.h"

namespace nanotally {

// Of /proc/self/status. Bytes but for the counts.
struct ProcessStatus {
  Reading virtual_bytes;
  Reading resident_bytes;
  Reading peak_resident_bytes;  // since this program was started
  Reading anonymous_bytes;      // of the resident ones; so the next two
  Reading file_bytes;
  Reading shared_memory_bytes;
  Reading data_bytes;  // VmData: private and writable, resident or not
  Reading swap_bytes;
  Reading page_table_bytes;
  Reading threads;
  // Slots of the table of file descriptors: every open one is below. It grows and never shrinks.
  Reading descriptor_slots;
};
[[nodiscard]] ProcessStatus ReadProcessStatus(const std::string& root);

// Of /proc/self/io. What passed through read(2), write(2) and their kin, sockets and pipes as well,
// and what of it was fetched from storage or is to be written there.
struct ProcessIo {
  Reading read_bytes;
  Reading written_bytes;
  Reading reads;
  Reading writes;
  Reading storage_read_bytes;
  Reading storage_written_bytes;
  Reading storage_cancelled_bytes;  // not written after all: the file was deleted or cut first
};
[[nodiscard]] ProcessIo ReadProcessIo(const std::string& root);

// When the process was started, in seconds since the machine was, to 10 ms. /proc/self/stat.
[[nodiscard]] Reading ReadStartSinceBoot(const std::string& root);

// When the machine was started, in seconds since the Unix epoch. It moves as the clock is set.
[[nodiscard]] Reading BootUnixSeconds() noexcept;

}  // namespace nanotally
