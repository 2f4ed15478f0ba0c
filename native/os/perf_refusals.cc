// The words.
#include "os/perf_refusals.h"

#include <cerrno>
#include <system_error>

namespace nanotally {
namespace {

constexpr std::string_view kCapability = "give the program the capability CAP_PERFMON";

// The level of kernel.perf_event_paranoid that allows an event (Linux,
// Documentation/admin-guide/perf-security.rst).
int AllowedLevel(const PerfEvent& event) {
  if (event.kind == PerfKind::kUncore) return 0;
  // Both happen in the kernel, and are not counted where that may not be.
  if (event.name == "context_switches" || event.name == "cpu_migrations") return 1;
  return 2;
}

PerfRefusal Permission(const PerfSurroundings& surroundings, const PerfEvent& event, int error) {
  const int level = AllowedLevel(event);
  const bool is_level = surroundings.paranoid && *surroundings.paranoid > level;
  if (!is_level && error == EPERM && surroundings.has_seccomp) {
    return {"seccomp",
            "A seccomp filter refuses perf_event_open(2), as containers' default profiles do.",
            "Start the container with --cap-add=PERFMON (Kubernetes: "
            "securityContext.capabilities.add), or with a seccomp profile that allows "
            "perf_event_open."};
  }
  if (is_level) {
    return {"permission",
            "kernel.perf_event_paranoid is " + std::to_string(*surroundings.paranoid) +
                ", which forbids it to programs without CAP_PERFMON.",
            "sysctl kernel.perf_event_paranoid=" + std::to_string(level) + ", or " +
                std::string(kCapability) + "."};
  }
  return {"permission", "The kernel, or a security module such as SELinux, forbids it.",
          "Let the security module allow perf_event, or " + std::string(kCapability) + "."};
}

}  // namespace

PerfRefusal ExplainPerfError(const PerfSurroundings& surroundings, const PerfEvent& event,
                             int error) {
  if (!surroundings.is_linux)
    return {"system", "Events are counted on Linux alone.", "Run the program on Linux."};
  switch (error) {
    case EPERM:
    case EACCES:
      return Permission(surroundings, event, error);
    case ENOSYS:
      if (surroundings.paranoid) {
        return {"seccomp", "perf_event_open(2) is hidden from this program by a filter or sandbox.",
                "Allow the system call in the container's seccomp profile; gVisor has none."};
      }
      return {"kernel", "This kernel was built without perf events.",
              "Run a kernel with CONFIG_PERF_EVENTS."};
    case EMFILE:
    case ENFILE:
      return {"descriptors", "No file descriptor was left to count it with.",
              "Raise the limit of open files (ulimit -n)."};
    default:
      break;
  }
  if (event.kind == PerfKind::kHardware && !surroundings.has_core_pmu) {
    return {"no_pmu",
            "The processor's counters are not to be seen here: most virtual machines have none.",
            "Run on bare metal, or on a virtual machine with a PMU (QEMU and KVM: -cpu host; in "
            "clouds, whole-socket or metal sizes)."};
  }
  if (error == ENOENT || error == EOPNOTSUPP || error == ENODEV || error == EINVAL)
    return {"processor", "This processor has no such event, or the kernel does not know it.", ""};
  return {"kernel", "The kernel refuses it: " + std::generic_category().message(error) + ".", ""};
}

PerfRefusal ExplainPerfReason(std::string_view reason, std::string_view message, bool ran) {
  PerfRefusal refusal{std::string(reason), std::string(message), ""};
  if (!message.empty()) return refusal;
  if (reason == "no_pmu") {
    refusal.message =
        "No PMU of the memory controllers or of the links between sockets is to be seen here.";
    refusal.hint =
        "Run on bare metal, with the kernel's uncore driver loaded (intel_uncore, amd_uncore).";
  } else if (reason == "not_listed") {
    refusal.message = "The processor's PMU does not list it.";
  } else if (reason == "not_counting" && ran) {
    refusal.message = "It opens, but stays at 0 while code runs that must be counted.";
    refusal.hint = "A hypervisor may pretend to have it: count outside of the virtual machine.";
  } else if (reason == "not_counting") {
    refusal.message = "It opens, but is given no counter: another program holds them.";
    refusal.hint = "sysctl kernel.nmi_watchdog=0 sets one free; look for other profilers.";
  } else {
    refusal.message = "nanotally knows no such event of this processor.";
  }
  return refusal;
}

}  // namespace nanotally
