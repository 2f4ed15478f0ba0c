// Protocol Buffers' wire format, as much of it as rendering metrics takes.
// Source: protobuf.dev/programming-guides/encoding
#pragma once

#include <bit>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace nanotally {

// Appends fields to a string that it does not own.
class WireWriter {
 public:
  explicit WireWriter(std::string& out) : out_(out) {}

  void Uint(std::uint32_t field, std::uint64_t value) {
    Tag(field, kVarint);
    Varint(value);
  }
  void Sint(std::uint32_t field, std::int64_t value) { Uint(field, ZigZag(value)); }
  void Double(std::uint32_t field, double value) {
    Tag(field, kFixed64);
    const auto bits = std::bit_cast<std::uint64_t>(value);
    char bytes[8];
    for (int i = 0; i < 8; ++i) bytes[i] = static_cast<char>(bits >> (8 * i) & 0xFF);
    out_.append(bytes, sizeof bytes);
  }
  void String(std::uint32_t field, std::string_view value) {
    Tag(field, kLengthDelimited);
    Varint(value.size());
    out_ += value;
  }
  // Parsers take packed values for a field that is declared without `packed` too.
  void PackedSints(std::uint32_t field, std::span<const std::int64_t> values) {
    if (values.empty()) return;
    Message(field, [&] {
      for (const std::int64_t value : values) Varint(ZigZag(value));
    });
  }
  // `fill` appends the message's own fields.
  template <typename Fill>
  void Message(std::uint32_t field, Fill&& fill) {
    Tag(field, kLengthDelimited);
    Delimited(fill);
  }
  // The length of what `fill` appends, then that. The length is given the byte that most need; what
  // is longer is moved.
  template <typename Fill>
  void Delimited(Fill&& fill) {
    const std::size_t start = out_.size();
    out_ += '\0';
    fill();
    const std::size_t length = out_.size() - start - 1;
    if (length < 0x80) {
      out_[start] = static_cast<char>(length);
      return;
    }
    char digits[kLongestVarint];
    out_.replace(start, 1, digits, EncodeVarint(length, digits));
  }

 private:
  enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kLengthDelimited = 2 };
  static constexpr std::size_t kLongestVarint = 10;

  static std::uint64_t ZigZag(std::int64_t value) {
    return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
  }
  static std::size_t EncodeVarint(std::uint64_t value, char (&digits)[kLongestVarint]) {
    std::size_t count = 0;
    for (; value >= 0x80; value >>= 7) digits[count++] = static_cast<char>(value | 0x80);
    digits[count++] = static_cast<char>(value);
    return count;
  }
  void Varint(std::uint64_t value) {
    if (value < 0x80) {
      out_ += static_cast<char>(value);
      return;
    }
    char digits[kLongestVarint];
    out_.append(digits, EncodeVarint(value, digits));
  }
  void Tag(std::uint32_t field, WireType type) { Varint(field << 3 | type); }

  std::string& out_;
};

}  // namespace nanotally
