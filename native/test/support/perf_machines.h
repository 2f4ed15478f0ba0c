// Files of processors that the tests do not run on: what their kernels list below
// /sys/bus/event_source/devices. The formats and events are those of Linux' drivers:
// arch/x86/events/{intel,amd}/, drivers/perf/arm_pmuv3.c.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "test/support/file_tree.h"

namespace nanotally {

inline const std::string kPmuFolder = "sys/bus/event_source/devices/";

using PmuLines = std::vector<std::pair<std::string, std::string>>;

inline void AddPmu(FileTree::Files& files, const std::string& name, int type,
                   const PmuLines& lines) {
  files[kPmuFolder + name + "/type"] = std::to_string(type) + "\n";
  for (const auto& [file, text] : lines) files[kPmuFolder + name + "/" + file] = text + "\n";
}

inline const PmuLines kIntelFormats = {
    {"format/event", "config:0-7"}, {"format/umask", "config:8-15"},
    {"format/edge", "config:18"},   {"format/pc", "config:19"},
    {"format/inv", "config:23"},    {"format/cmask", "config:24-31"},
    {"format/in_tx", "config:32"},  {"format/ldlat", "config1:0-15"},
};
inline const PmuLines kImcLines = {
    {"cpumask", "0,28"},
    {"format/event", "config:0-7"},
    {"format/umask", "config:8-15"},
    {"events/cas_count_read", "event=0x04,umask=0x03"},
    {"events/cas_count_read.scale", "6.103515625e-5"},
    {"events/cas_count_read.unit", "MiB"},
    {"events/cas_count_write", "event=0x04,umask=0x0c"},
    {"events/cas_count_write.scale", "6.103515625e-5"},
    {"events/cas_count_write.unit", "MiB"},
};

inline std::string Cpuinfo(const std::string& vendor, int family, int model,
                           const std::string& name) {
  return "processor\t: 0\nvendor_id\t: " + vendor + "\ncpu family\t: " + std::to_string(family) +
         "\nmodel\t\t: " + std::to_string(model) + "\nmodel name\t: " + name +
         "\n\nprocessor\t: 1\n";
}

// Two sockets with two channels each (as far as the PMUs go).
inline FileTree::Files SkylakeServer() {
  FileTree::Files files;
  files["proc/cpuinfo"] = Cpuinfo("GenuineIntel", 6, 0x55, "Intel(R) Xeon(R) Platinum 8173M");
  files["proc/sys/kernel/perf_event_paranoid"] = "0\n";
  AddPmu(files, "cpu", 4, kIntelFormats);
  AddPmu(files, "uncore_imc_0", 20, kImcLines);
  AddPmu(files, "uncore_imc_1", 21, kImcLines);
  AddPmu(
      files, "uncore_upi_0", 30,
      {{"cpumask", "0,28"}, {"format/event", "config:0-7"}, {"format/umask", "config:8-15,32-55"}});
  return files;
}

inline FileTree::Files AlderLake() {
  FileTree::Files files;
  files["proc/cpuinfo"] = Cpuinfo("GenuineIntel", 6, 0x97, "12th Gen Intel(R) Core(TM) i9-12900K");
  files["proc/sys/kernel/perf_event_paranoid"] = "2\n";
  PmuLines core = kIntelFormats;
  core.emplace_back("cpus", "0-15");
  AddPmu(files, "cpu_core", 4, core);
  core.back().second = "16-23";
  AddPmu(files, "cpu_atom", 10, core);
  return files;
}

inline FileTree::Files Zen4Server() {
  FileTree::Files files;
  files["proc/cpuinfo"] = Cpuinfo("AuthenticAMD", 25, 0x11, "AMD EPYC 9654 96-Core Processor");
  files["proc/sys/kernel/perf_event_paranoid"] = "-1\n";
  AddPmu(files, "cpu", 4,
         {{"format/event", "config:0-7,32-35"},
          {"format/umask", "config:8-15"},
          {"format/cmask", "config:24-31"}});
  AddPmu(files, "amd_df", 15,
         {{"cpumask", "0,96"},
          {"format/event", "config:0-7,32-37"},
          {"format/umask", "config:8-15,24-27"}});
  AddPmu(files, "amd_umc_0", 16,
         {{"cpumask", "0,96"}, {"format/event", "config:0-7"}, {"format/rdwrmask", "config:8-9"}});
  return files;
}

// `listed`: the events that its PMUs list, all of them common ones of the architecture.
inline FileTree::Files ArmServer(int part, const PmuLines& listed) {
  FileTree::Files files;
  char hexadecimal[16];
  std::snprintf(hexadecimal, sizeof hexadecimal, "0x%03x", static_cast<unsigned>(part));
  files["proc/cpuinfo"] =
      "processor\t: 0\nCPU implementer\t: 0x41\nCPU architecture: 8\n"
      "CPU part\t: " +
      std::string(hexadecimal) + "\n";
  files["proc/sys/kernel/perf_event_paranoid"] = "2\n";
  files["proc/sys/kernel/perf_user_access"] = "1\n";
  PmuLines lines = {{"cpus", "0-63"},
                    {"format/event", "config:0-15"},
                    {"format/long", "config1:0"},
                    {"format/rdpmc", "config1:1"}};
  lines.insert(lines.end(), listed.begin(), listed.end());
  AddPmu(files, "armv8_pmuv3_0", 8, lines);
  return files;
}

inline const PmuLines kNeoverseEvents = {
    {"events/cpu_cycles", "event=0x0011"},     {"events/inst_retired", "event=0x0008"},
    {"events/stall_frontend", "event=0x0023"}, {"events/stall_backend", "event=0x0024"},
    {"events/br_retired", "event=0x0021"},     {"events/br_mis_pred_retired", "event=0x0022"},
    {"events/l1d_cache", "event=0x0004"},      {"events/l1d_cache_refill", "event=0x0003"},
    {"events/ll_cache_rd", "event=0x0036"},    {"events/ll_cache_miss_rd", "event=0x0037"},
};

}  // namespace nanotally
