// Ascending lists of numbers as the differences between neighbours, each in as few bytes of seven
// bits as it takes (LEB128): the edges of a sealed segment. Decoding trusts nothing.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace engram {

inline void AppendVarint(std::uint32_t value, std::vector<std::uint8_t>& out) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

// False at the end of the bytes, and for more than 32 bits.
inline bool TakeVarint(std::span<const std::uint8_t>& bytes, std::uint32_t& value) noexcept {
  std::uint64_t read = 0;
  for (int shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const std::uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    read |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) {
      value = static_cast<std::uint32_t>(read);
      return read <= UINT32_MAX;
    }
  }
  return false;
}

// Appends the number of values, the first one, and the differences from each to the next, less 1.
// `sorted` ascends, with no value twice.
inline void AppendDeltas(std::span<const std::uint32_t> sorted, std::vector<std::uint8_t>& out) {
  AppendVarint(static_cast<std::uint32_t>(sorted.size()), out);
  for (std::size_t i = 0; i < sorted.size(); ++i)
    AppendVarint(i == 0 ? sorted[0] : sorted[i] - sorted[i - 1] - 1, out);
}

struct Decoded {
  std::size_t count = 0;  // values that are in `room`
  bool is_whole = false;  // whether the bytes held a list, all of it fits, and nothing is left
};

inline Decoded DecodeDeltas(std::span<const std::uint8_t> bytes,
                            std::span<std::uint32_t> room) noexcept {
  Decoded decoded;
  std::uint32_t count = 0, delta = 0;
  if (!TakeVarint(bytes, count) || count > room.size()) return decoded;
  std::uint64_t value = 0;
  for (; decoded.count < count; ++decoded.count) {
    if (!TakeVarint(bytes, delta)) return decoded;
    value += decoded.count == 0 ? delta : std::uint64_t{delta} + 1;
    if (value > UINT32_MAX) return decoded;
    room[decoded.count] = static_cast<std::uint32_t>(value);
  }
  decoded.is_whole = bytes.empty();
  return decoded;
}

}  // namespace engram
