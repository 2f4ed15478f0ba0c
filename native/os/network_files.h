// What /proc/self/net tells of the network namespace that the process is in: in a container its
// own, else the machine's. The kernel counts nothing by process. Any thread.
#pragma once

#include <string>
#include <vector>

#include "os/kernel_text.h"

namespace nanotally {

struct NetworkInterface {
  std::string name;  // bytes that are no printable ASCII, which Linux allows, as \xNN
  Reading received_bytes;
  Reading received_packets;
  Reading receive_errors;
  Reading receive_drops;
  Reading transmitted_bytes;
  Reading transmitted_packets;
  Reading transmit_errors;
  Reading transmit_drops;
};

// A machine of many containers has an interface for each: those past the first 100 are not told.
inline constexpr std::size_t kMaxInterfaces = 100;

// Of net/dev, in its order.
[[nodiscard]] std::vector<NetworkInterface> ReadNetworkInterfaces(const std::string& root);

// Of net/snmp, whose names are RFC 4022's. IPv6 as well.
struct TcpStatistics {
  Reading received_segments;
  Reading sent_segments;  // without those that were sent again
  Reading retransmitted_segments;
  Reading established;  // connections that are now
};
[[nodiscard]] TcpStatistics ReadTcpStatistics(const std::string& root);

}  // namespace nanotally
