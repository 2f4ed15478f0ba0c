// Tables with a line for each interface, and with a line of names above a line of values.
#include "os/network_files.h"

namespace nanotally {
namespace {

std::string Printable(std::string_view name) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string printable;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > ' ' && byte < 0x7f) {
      printable += c;
    } else {
      printable.append("\\x").append({kDigits[byte / 16], kDigits[byte % 16]});
    }
  }
  return printable;
}

}  // namespace

std::vector<NetworkInterface> ReadNetworkInterfaces(const std::string& root) {
  std::vector<NetworkInterface> interfaces;
  const auto text = ReadKernelFile(root + "/proc/self/net/dev");
  if (!text) return interfaces;
  std::string_view rest = *text;
  while (!rest.empty() && interfaces.size() < kMaxInterfaces) {
    std::string_view line = TakeLine(rest);
    // A name may hold a colon, that of an alias; counts hold none. The two lines of headings have
    // none either.
    const std::size_t colon = line.rfind(':');
    if (colon == std::string_view::npos) continue;
    std::string_view name = line.substr(0, colon);
    name = TakeWord(name);
    line.remove_prefix(colon + 1);
    NetworkInterface& interface = interfaces.emplace_back();
    interface.name = Printable(name);
    interface.received_bytes = ParseCount(TakeWord(line));
    interface.received_packets = ParseCount(TakeWord(line));
    interface.receive_errors = ParseCount(TakeWord(line));
    interface.receive_drops = ParseCount(TakeWord(line));
    for (int i = 0; i < 4; ++i) TakeWord(line);  // fifo, frame, compressed, multicast
    interface.transmitted_bytes = ParseCount(TakeWord(line));
    interface.transmitted_packets = ParseCount(TakeWord(line));
    interface.transmit_errors = ParseCount(TakeWord(line));
    interface.transmit_drops = ParseCount(TakeWord(line));
  }
  return interfaces;
}

TcpStatistics ReadTcpStatistics(const std::string& root) {
  TcpStatistics tcp;
  const auto text = ReadKernelFile(root + "/proc/self/net/snmp");
  if (!text) return tcp;
  std::string_view rest = *text;
  while (!rest.empty()) {
    std::string_view names = TakeLine(rest);
    if (TakeWord(names) != "Tcp:") continue;
    std::string_view values = TakeLine(rest);
    if (TakeWord(values) != "Tcp:") break;
    while (!names.empty()) {
      const std::string_view name = TakeWord(names);
      const Reading value = ParseCount(TakeWord(values));
      if (name == "InSegs") tcp.received_segments = value;
      if (name == "OutSegs") tcp.sent_segments = value;
      if (name == "RetransSegs") tcp.retransmitted_segments = value;
      if (name == "CurrEstab") tcp.established = value;
    }
    break;
  }
  return tcp;
}

}  // namespace nanotally
