// The readers of /proc/self and /proc/pressure: recorded files, what kernels leave out, and
// nonsense.
#include "os/process_files.h"

#include <gtest/gtest.h>

#include <string>

#include "os/network_files.h"
#include "os/pressure_files.h"
#include "os/thread_files.h"
#include "test/support/file_tree.h"
#include "test/support/recorded_machine.h"

namespace nanotally {
namespace {

constexpr double kKiB = 1024;

TEST(RecordedFiles, Status) {
  const FileTree files(RecordedMachine());
  const ProcessStatus status = ReadProcessStatus(files.Root());
  EXPECT_EQ(status.virtual_bytes, 1646572 * kKiB);
  EXPECT_EQ(status.resident_bytes, 109932 * kKiB);
  EXPECT_EQ(status.peak_resident_bytes, 109932 * kKiB);
  EXPECT_EQ(status.anonymous_bytes, 68308 * kKiB);
  EXPECT_EQ(status.file_bytes, 41624 * kKiB);
  EXPECT_EQ(status.shared_memory_bytes, 0);
  EXPECT_EQ(status.data_bytes, 116584 * kKiB);
  EXPECT_EQ(status.swap_bytes, 0);
  EXPECT_EQ(status.page_table_bytes, 992 * kKiB);
  EXPECT_EQ(status.threads, 8);
  EXPECT_EQ(status.descriptor_slots, 256);
}

TEST(RecordedFiles, IoAndStart) {
  const FileTree files(RecordedMachine());
  const ProcessIo io = ReadProcessIo(files.Root());
  EXPECT_EQ(io.read_bytes, 257033);
  EXPECT_EQ(io.written_bytes, 1048649);
  EXPECT_EQ(io.reads, 103);
  EXPECT_EQ(io.writes, 11);
  EXPECT_EQ(io.storage_read_bytes, 26157056);
  EXPECT_EQ(io.storage_written_bytes, 1069056);
  EXPECT_EQ(io.storage_cancelled_bytes, 0);
  EXPECT_DOUBLE_EQ(ReadStartSinceBoot(files.Root()).value_or(-1), 29408.41);
}

TEST(RecordedFiles, Threads) {
  const FileTree files(RecordedMachine());
  const ThreadStatistics main = ReadThreadStatistics(files.Root(), kRecordedMain);
  EXPECT_DOUBLE_EQ(main.run_queue_seconds.value_or(-1), 0.001845543);
  EXPECT_EQ(main.voluntary_switches, 36);
  EXPECT_EQ(main.involuntary_switches, 10);
  EXPECT_NEAR(*main.user_seconds + *main.system_seconds, 0.812, 0.02) << "schedstat's first field";
  const ThreadStatistics worker = ReadThreadStatistics(files.Root(), kRecordedWorker);
  EXPECT_EQ(worker.involuntary_switches, 16);
  const ThreadStatistics ended = ReadThreadStatistics(files.Root(), 1);
  EXPECT_EQ(ended.user_seconds, std::nullopt);
  EXPECT_EQ(ended.run_queue_seconds, std::nullopt);
  EXPECT_EQ(ended.voluntary_switches, std::nullopt);
}

TEST(RecordedFiles, Network) {
  const FileTree files(RecordedMachine());
  const auto interfaces = ReadNetworkInterfaces(files.Root());
  ASSERT_EQ(interfaces.size(), 4u);
  EXPECT_EQ(interfaces[1].name, "ifb0");
  EXPECT_EQ(interfaces[1].received_bytes, 0) << "a real 0 is one";
  EXPECT_EQ(interfaces[3].name, "eth0");
  EXPECT_EQ(interfaces[3].received_bytes, 3872696142.0);
  EXPECT_EQ(interfaces[3].received_packets, 95642);
  EXPECT_EQ(interfaces[3].receive_errors, 0);
  EXPECT_EQ(interfaces[3].receive_drops, 0);
  EXPECT_EQ(interfaces[3].transmitted_bytes, 8131630);
  EXPECT_EQ(interfaces[3].transmitted_packets, 64373);
  EXPECT_EQ(interfaces[3].transmit_errors, 0);
  EXPECT_EQ(interfaces[3].transmit_drops, 0);
}

TEST(RecordedFiles, Pressure) {
  const FileTree files(RecordedMachine());
  const Pressure io = ReadPressure(files.Root() + "/proc/pressure/io");
  EXPECT_DOUBLE_EQ(io.some_seconds.value_or(-1), 100.120142);
  EXPECT_DOUBLE_EQ(io.full_seconds.value_or(-1), 40.617843);
  EXPECT_DOUBLE_EQ(io.some_ratio.value_or(-1), 0.0055);
  EXPECT_DOUBLE_EQ(io.full_ratio.value_or(-1), 0.0055);
}

TEST(NetworkFiles, SaySoByEachColumn) {
  const FileTree files(
      {{"proc/self/net/dev",
        "Inter-|   Receive |  Transmit\n face |bytes packets\n"
        "  a0:1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"  // Linux before 2.6.39 left no blank
        "eth0:1: 1 2\nnonsense\n\xfcml\x01: 5\n"},
       {"proc/self/net/snmp",
        "Ip: InSegs\nIp: 99\nTcp: RtoMin InSegs MaxConn OutSegs RetransSegs CurrEstab New\n"
        "Tcp: 200 10 -1 20 30 4\n"}});
  const auto interfaces = ReadNetworkInterfaces(files.Root());
  ASSERT_EQ(interfaces.size(), 3u);
  EXPECT_EQ(interfaces[0].name, "a0");
  EXPECT_EQ(interfaces[0].received_bytes, 1);
  EXPECT_EQ(interfaces[0].received_packets, 2);
  EXPECT_EQ(interfaces[0].receive_errors, 3);
  EXPECT_EQ(interfaces[0].receive_drops, 4);
  EXPECT_EQ(interfaces[0].transmitted_bytes, 9);
  EXPECT_EQ(interfaces[0].transmitted_packets, 10);
  EXPECT_EQ(interfaces[0].transmit_errors, 11);
  EXPECT_EQ(interfaces[0].transmit_drops, 12);
  EXPECT_EQ(interfaces[1].name, "eth0:1");
  EXPECT_EQ(interfaces[1].received_packets, 2);
  EXPECT_EQ(interfaces[1].receive_errors, std::nullopt);
  EXPECT_EQ(interfaces[1].transmitted_bytes, std::nullopt);
  EXPECT_EQ(interfaces[2].name, "\\xfcml\\x01");
  const TcpStatistics tcp = ReadTcpStatistics(files.Root());
  EXPECT_EQ(tcp.received_segments, 10);
  EXPECT_EQ(tcp.sent_segments, 20);
  EXPECT_EQ(tcp.retransmitted_segments, 30);
  EXPECT_EQ(tcp.established, 4);
}

TEST(NetworkFiles, ThousandsOfInterfacesAreCut) {
  std::string text = "Inter-|\n face |bytes\n";
  for (int i = 0; i < 5000; ++i) text += "veth" + std::to_string(i) + ": 1 1\n";
  const FileTree files(FileTree::Files{{"proc/self/net/dev", text}});
  EXPECT_EQ(ReadNetworkInterfaces(files.Root()).size(), kMaxInterfaces);
}

TEST(PressureFiles, MayLackAKindOrBeOff) {
  const FileTree files({{"irq", "full avg10=1.50 avg60=0.00 avg300=0.00 total=7\n"},
                        {"odd", "some avg10 total= avg10=x total=9x\nsome\nfull total=1000000"}});
  const Pressure irq = ReadPressure(files.Root() + "/irq");
  EXPECT_EQ(irq.some_seconds, std::nullopt);
  EXPECT_EQ(irq.some_ratio, std::nullopt);
  EXPECT_DOUBLE_EQ(irq.full_seconds.value_or(-1), 7e-6);
  EXPECT_DOUBLE_EQ(irq.full_ratio.value_or(-1), 0.015);
  const Pressure odd = ReadPressure(files.Root() + "/odd");
  EXPECT_EQ(odd.some_seconds, std::nullopt);
  EXPECT_EQ(odd.some_ratio, std::nullopt);
  EXPECT_EQ(odd.full_seconds, 1);
  EXPECT_EQ(ReadPressure(files.Root() + "/none").some_seconds, std::nullopt);
}

}  // namespace
}  // namespace nanotally
