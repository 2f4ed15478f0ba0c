// Three files of a thread: stat, schedstat (Documentation/scheduler/sched-stats.rst), status.
#include "os/thread_files.h"

#include "os/stat_file.h"

namespace nanotally {
namespace {

constexpr int kUserTime = 14;
constexpr int kSystemTime = 15;
constexpr double kNanosecond = 1e-9;

}  // namespace

ThreadStatistics ReadThreadStatistics(const std::string& root, int tid) {
  const std::string folder = root + "/proc/self/task/" + std::to_string(tid);
  ThreadStatistics thread;
  if (const auto stat = ReadKernelFile(folder + "/stat")) {
    thread.user_seconds = StatField(*stat, kUserTime, TickSeconds());
    thread.system_seconds = StatField(*stat, kSystemTime, TickSeconds());
  }
  if (const auto scheduling = ReadKernelFile(folder + "/schedstat")) {
    std::string_view rest = *scheduling;
    std::string_view line = TakeLine(rest);
    TakeWord(line);  // the time on a CPU
    thread.run_queue_seconds = ParseCount(TakeWord(line), kNanosecond);
  }
  if (const auto status = ReadKernelFile(folder + "/status")) {
    thread.voluntary_switches = FindCount(*status, "voluntary_ctxt_switches:");
    thread.involuntary_switches = FindCount(*status, "nonvoluntary_ctxt_switches:");
  }
  return thread;
}

}  // namespace nanotally
