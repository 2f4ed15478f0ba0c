// The families of docs/runtime-metrics.md: which there are, what they tell of a recorded machine
// and of this one, and that nothing else is read.
#include "runtime/runtime_metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <filesystem>
#include <map>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "os/kernel_text.h"
#include "test/support/file_tree.h"
#include "test/support/recorded_machine.h"

// The document goes into the program, which may run where there is no checkout.
asm(".pushsection .rodata\n"
    ".globl runtime_document, runtime_document_end\n"  // arm64's linker mixes up local ones
    "runtime_document:\n"
    ".incbin \"" NANOTALLY_ROOT
    "/docs/runtime-metrics.md\"\n"
    "runtime_document_end:\n"
    ".popsection\n");
extern "C" const char runtime_document[];
extern "C" const char runtime_document_end[];

namespace nanotally {
namespace {

using Samples = std::map<std::string, double>;  // by name and label text
using Families = std::vector<ComputedFamily>;

std::vector<ThreadName> NoThreads() { return {}; }

Families ReadAll(RuntimeMetrics& metrics, const NameFilter& filter = {}) {
  Families families;
  metrics.Read(filter, families);
  return families;
}

Samples SamplesOf(const Families& families) {
  Samples samples;
  for (const ComputedFamily& family : families) {
    for (const ComputedSample& sample : family.samples) {
      const std::string key =
          sample.labels.empty() ? family.name : family.name + "{" + sample.labels + "}";
      EXPECT_TRUE(samples.emplace(key, sample.value).second) << key << " is there twice";
    }
  }
  return samples;
}

std::string LabelNames(std::string_view text) {
  std::string names;
  while (!text.empty()) {
    std::string_view label = TakeUntil(text, ',');
    names += (names.empty() ? "" : ",") + std::string(TakeUntil(label, '='));
  }
  return names;
}

// Cells of the table's rows, without blanks and quotes.
std::vector<std::vector<std::string>> DocumentedRows() {
  std::vector<std::vector<std::string>> rows;
  std::string_view text(runtime_document, runtime_document_end - runtime_document);
  while (!text.empty()) {
    std::string_view line = TakeLine(text);
    if (!line.starts_with("| `process_") && !line.starts_with("| `thread_")) continue;
    line.remove_prefix(1);
    std::vector<std::string> cells;
    while (!line.empty()) {
      std::string cell(TakeUntil(line, '|'));
      std::erase_if(cell, [](char c) { return c == ' ' || c == '`'; });
      cells.push_back(cell);
    }
    rows.push_back(cells);
  }
  return rows;
}

TEST(RuntimeFamilies, AreThoseDocumented) {
  const auto rows = DocumentedRows();
  const auto& heads = RuntimeMetrics::Heads();
  ASSERT_EQ(rows.size(), heads.size());
  for (std::size_t i = 0; i < heads.size(); ++i) {
    ASSERT_EQ(rows[i].size(), 6u) << rows[i][0];
    EXPECT_EQ(rows[i][0], heads[i].name);
    EXPECT_EQ(rows[i][1], heads[i].type == MetricType::kCounter ? "counter" : "gauge");
    EXPECT_EQ(rows[i][2], heads[i].labels) << heads[i].name;
    EXPECT_EQ(rows[i][3], heads[i].unit) << heads[i].name;
    EXPECT_FALSE(rows[i][4].empty() || rows[i][5].empty()) << heads[i].name;
  }
}

TEST(RuntimeFamilies, AreNamedAsOpenMetricsWantsIt) {
  const RuntimeMetrics metrics(NoThreads);
  const auto names = metrics.Names();
  EXPECT_GT(names.size(), 50u);
  EXPECT_TRUE(std::is_sorted(names.begin(), names.end()));
  EXPECT_EQ(std::set(names.begin(), names.end()).size(), names.size());
  for (const FamilyHead& head : RuntimeMetrics::Heads()) {
    std::string_view stem = head.name;
    EXPECT_EQ(stem.ends_with("_total"), head.type == MetricType::kCounter) << head.name;
    if (stem.ends_with("_total")) stem.remove_suffix(6);
    EXPECT_TRUE(stem.ends_with(head.unit)) << head.name;
    EXPECT_TRUE(head.help.ends_with(".")) << head.name;
  }
}

TEST(RuntimeFamilies, OfARecordedMachine) {
  const FileTree files(RecordedMachine());
  RuntimeMetrics metrics(
      [] {
        return std::vector<ThreadName>{
            {"main", kRecordedMain}, {"worker \"1\"", kRecordedWorker}, {"ended", 1}};
      },
      files.Root());
  const Families families = ReadAll(metrics);
  const Samples samples = SamplesOf(families);
  const Samples expected = {
      {"process_resident_memory_bytes", 109932 * 1024.0},
      {"process_heap_bytes", 116584 * 1024.0},
      {"process_threads", 8},
      {"process_disk_written_bytes_total", 1069056},
      {"thread_context_switches_total{thread=\"main\",kind=\"voluntary\"}", 36},
      {"thread_context_switches_total{thread=\"worker \\\"1\\\"\",kind=\"involuntary\"}", 16},
      {"process_network_receive_bytes_total{interface=\"eth0\"}", 3872696142},
      {"process_network_tcp_retransmitted_segments_total", 187},
      {"process_pressure_stalled_seconds_total{resource=\"io\",scope=\"system\",kind=\"full\"}",
       40.617843},
      {"process_pressure_ratio{resource=\"cpu\",scope=\"system\",kind=\"some\"}", 0.0002},
      {"process_cgroup_memory_usage_bytes", 254787584},
      {"process_cgroup_memory_events_total{event=\"oom_kill\"}", 0},
      {"process_cgroup_cpu_seconds_total", 51019.688757421}};
  for (const auto& [key, value] : expected) {
    ASSERT_TRUE(samples.contains(key)) << key;
    EXPECT_DOUBLE_EQ(samples.at(key), value) << key;
  }
  for (const auto& [key, value] : samples) {
    EXPECT_EQ(key.find("ended"), std::string::npos) << key;
    EXPECT_EQ(key.find("scope=\"cgroup\""), std::string::npos) << key << ": it is in the root";
    EXPECT_GE(value, 0) << key;
  }
  EXPECT_FALSE(
      samples.contains("process_pressure_ratio{resource=\"cpu\",scope=\"system\",kind=\"full\"}"));
  EXPECT_FALSE(samples.contains("process_cgroup_memory_limit_bytes"));
  EXPECT_FALSE(samples.contains("process_cgroup_pids"));
}

TEST(RuntimeFamilies, HaveTheLabelsThatTheySay) {
  FileTree::Files recorded = RecordedMachine();
  recorded["sys/fs/cgroup/unified/cgroup.type"] = "domain\n";
  const FileTree files(recorded);
  RuntimeMetrics metrics(
      [] {
        return std::vector<ThreadName>{{"main", kRecordedMain}};
      },
      files.Root());
  const Families families = ReadAll(metrics);
  EXPECT_TRUE(std::is_sorted(families.begin(), families.end(),
                             [](const auto& a, const auto& b) { return a.name < b.name; }));
  std::size_t checked = 0;
  for (const ComputedFamily& family : families) {
    const auto& heads = RuntimeMetrics::Heads();
    const auto head = std::find_if(heads.begin(), heads.end(),
                                   [&](const FamilyHead& h) { return h.name == family.name; });
    ASSERT_NE(head, heads.end()) << family.name;
    EXPECT_EQ(family.type, head->type);
    EXPECT_EQ(family.unit, head->unit);
    EXPECT_EQ(family.help, head->help);
    for (const ComputedSample& sample : family.samples) {
      EXPECT_EQ(LabelNames(sample.labels), head->labels) << family.name;
      ++checked;
    }
  }
  EXPECT_GT(checked, 90u);
  EXPECT_TRUE(SamplesOf(families).contains(
      "process_pressure_ratio{resource=\"cpu\",scope=\"cgroup\",kind=\"full\"}"));
}

TEST(RuntimeFamilies, AreAppended) {
  const FileTree files(RecordedMachine());
  RuntimeMetrics metrics(NoThreads, files.Root());
  Families families = {{"zzz", "", "", MetricType::kGauge, {{"", 1}}}};
  metrics.Read(NameFilter({"process_threads"}), families);
  ASSERT_EQ(families.size(), 2u);
  EXPECT_EQ(families[0].name, "zzz");
  EXPECT_EQ(families[1].name, "process_threads");
}

TEST(RuntimeFamilies, WithoutFilesOnlyTheSystemCallsTell) {
  const FileTree nothing;
  RuntimeMetrics metrics([] { return std::vector<ThreadName>{{"main", 1}}; }, nothing.Root());
  std::set<std::string> names;
  for (const ComputedFamily& family : ReadAll(metrics)) names.insert(family.name);
  for (const char* optional :
       {"process_allocator_bytes", "process_allocator_free_chunks", "process_max_fds"})
    names.erase(optional);
  EXPECT_EQ(names,
            (std::set<std::string>{"process_context_switches_total", "process_cpu_seconds_total",
                                   "process_cpu_system_seconds_total",
                                   "process_cpu_user_seconds_total", "process_page_faults_total"}));
}

// The recorded files, each whole, cut off anywhere, with bytes changed or with lines lost.
FileTree::Files MaimedMachine(std::mt19937& random) {
  FileTree::Files files = RecordedMachine();
  for (auto& [path, text] : files) {
    if (text.empty()) continue;
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0:
        text.resize(at);
        break;
      case 1:
        for (int i = 0; i < 20; ++i)
          text[random() % text.size()] = static_cast<char>(random());  // NUL and line ends as well
        break;
      case 2:
        text.erase(0, text.find('\n', at));
        break;
      default:
        break;
    }
  }
  return files;
}

TEST(RuntimeFamilies, OfMaimedFilesAreThoseThatCanBeRead) {
  const auto read = [](const FileTree& files) {
    RuntimeMetrics metrics(
        [] {
          return std::vector<ThreadName>{{"main", kRecordedMain}};
        },
        files.Root());
    return SamplesOf(ReadAll(metrics));
  };
  const std::size_t whole = read(FileTree(RecordedMachine())).size();
  constexpr std::uint32_t kSeed = 20261121;
  std::mt19937 random(kSeed);
  std::size_t samples = 0;
  constexpr std::size_t kRounds = 50;
  for (std::size_t round = 0; round < kRounds; ++round) {
    const Samples maimed = read(FileTree(MaimedMachine(random)));
    samples += maimed.size();
    for (const auto& [key, value] : maimed) {
      EXPECT_TRUE(std::isfinite(value) && value >= 0) << key << ' ' << value;
      EXPECT_TRUE(std::all_of(key.begin(), key.end(), [](char c) { return c >= ' '; })) << key;
    }
  }
  EXPECT_GT(samples, kRounds * whole / 3) << "what is whole is read";
  EXPECT_LT(samples, kRounds * whole) << "what is not is absent";
}

// Counts how often files below a folder are opened.
class OpenWatch {
 public:
  explicit OpenWatch(const std::string& root) : queue_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(root)) {
      if (!entry.is_regular_file()) continue;
      const int watch = inotify_add_watch(queue_, entry.path().c_str(), IN_OPEN | IN_CLOSE);
      paths_[watch] = entry.path().string().substr(root.size() + 1);
    }
  }
  ~OpenWatch() { close(queue_); }

  // Since the last call. Events are queued before open(2) returns.
  std::map<std::string, int> Take() {
    std::map<std::string, int> opens;
    alignas(inotify_event) std::array<char, 1 << 16> buffer;
    const ssize_t size = read(queue_, buffer.data(), buffer.size());
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
      // The kernel makes one of equal events in a row: those of closing keep two openings apart.
      if ((event->mask & IN_OPEN) != 0) ++opens[paths_.at(event->wd)];
      at += static_cast<ssize_t>(sizeof(inotify_event)) + event->len;
    }
    return opens;
  }

 private:
  const int queue_;
  std::map<int, std::string> paths_;
};

std::set<std::string> Opened(OpenWatch& watch) {
  std::set<std::string> paths;
  for (const auto& [path, times] : watch.Take()) {
    EXPECT_EQ(times, 1) << path;
    paths.insert(path);
  }
  return paths;
}

TEST(RuntimeReading, OpensEachFileOnceAndWhatIsNotSelectedNever) {
  const FileTree files(RecordedMachine());
  int asked = 0;
  RuntimeMetrics metrics(
      [&] {
        ++asked;
        return std::vector<ThreadName>{{"main", kRecordedMain}, {"worker", kRecordedWorker}};
      },
      files.Root());
  OpenWatch watch(files.Root());
  EXPECT_FALSE(ReadAll(metrics).empty());
  const auto all = Opened(watch);
  EXPECT_GT(all.size(), 25u);
  EXPECT_TRUE(all.contains("proc/self/mountinfo"));
  EXPECT_EQ(asked, 1);

  EXPECT_FALSE(ReadAll(metrics).empty());
  auto again = all;
  again.erase("proc/self/mountinfo");
  EXPECT_EQ(Opened(watch), again);
  EXPECT_EQ(asked, 2);

  const std::map<std::string, std::set<std::string>> files_of = {
      {"process_cpu_seconds_total", {}},
      {"process_max_fds", {}},
      {"process_start_time_seconds", {}},
      {"process_open_fds", {"proc/self/status"}},  // there is no size of /proc/self/fd
      {"process_disk_read_bytes_total", {"proc/self/io"}},
      {"process_resident_memory_bytes", {"proc/self/status"}},
      {"process_network_tcp_connections", {"proc/self/net/snmp"}}};
  for (const auto& [name, paths] : files_of) {
    EXPECT_EQ(ReadAll(metrics, NameFilter({name})).size(), 1u) << name;
    EXPECT_EQ(Opened(watch), paths) << name;
  }
  EXPECT_TRUE(ReadAll(metrics, NameFilter({"other"})).empty());
  EXPECT_TRUE(Opened(watch).empty());
  EXPECT_EQ(asked, 2) << "no thread was selected";
}

TEST(RuntimeReading, SeveralThreadsAtOnce) {
  RuntimeMetrics metrics([] {
    return std::vector<ThreadName>{{"main", static_cast<int>(getpid())}};
  });
  const std::size_t families = ReadAll(metrics).size();
  EXPECT_GT(families, 8u);
  std::vector<std::thread> threads;
  std::atomic<int> reads{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      double cpu = 0;
      for (int k = 0; k < 25; ++k) {
        const Families read = ReadAll(metrics);
        const double now = SamplesOf(read).at("process_cpu_seconds_total");
        EXPECT_GE(now, cpu) << "CPU time never goes back";
        cpu = now;
        ++reads;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(reads, 100);
}

TEST(RuntimeMetrics, WhatTheSystemDoesNotTellIsReadPortably) {
  const FileTree nothing;
  RuntimeMetrics metrics(&NoThreads, nothing.Root(), [] {
    PortableReadings read;
    read.resident_bytes = 4096;
    return read;
  });
  const Samples samples = SamplesOf(ReadAll(metrics));
  EXPECT_EQ(samples.at("process_resident_memory_bytes"), 4096);
  EXPECT_FALSE(samples.contains("process_virtual_memory_bytes"));
  // getrusage tells it here.
  EXPECT_GT(samples.at("process_cpu_seconds_total"), 0);
}

}  // namespace
}  // namespace nanotally
