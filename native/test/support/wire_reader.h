// A decoder of Protocol Buffers' wire format for tests, written from its specification
// (protobuf.dev/programming-guides/encoding) and not from the writer. Refuses, by an exception,
// what does not fit.
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace nanotally {

// A message: the values of each field in their order, as their wire type has them.
class WireMessage {
 public:
  explicit WireMessage(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::uint64_t tag = TakeVarint(bytes);
      Value value{tag & 7, 0, {}};
      if (value.type == 0) {
        value.number = TakeVarint(bytes);
      } else if (value.type == 1) {
        for (int i = 0; i < 8; ++i)
          value.number |= static_cast<std::uint64_t>(static_cast<unsigned char>(Take(bytes, 1)[0]))
                          << (8 * i);
      } else if (value.type == 2) {
        value.bytes = Take(bytes, TakeVarint(bytes));
      } else {
        throw std::runtime_error("wire type");
      }
      fields_[static_cast<int>(tag >> 3)].push_back(value);
    }
  }

  [[nodiscard]] std::size_t Count(int field) const {
    const auto found = fields_.find(field);
    return found == fields_.end() ? 0 : found->second.size();
  }
  [[nodiscard]] std::uint64_t Uint(int field) const { return Only(field, 0).number; }
  [[nodiscard]] std::int64_t Sint(int field) const { return UnZigZag(Uint(field)); }
  [[nodiscard]] double Double(int field) const {
    return std::bit_cast<double>(Only(field, 1).number);
  }
  [[nodiscard]] std::string String(int field, std::size_t i = 0) const {
    return std::string(At(field, i, 2).bytes);
  }
  [[nodiscard]] WireMessage Message(int field, std::size_t i = 0) const {
    return WireMessage(At(field, i, 2).bytes);
  }
  [[nodiscard]] std::vector<std::int64_t> PackedSints(int field) const {
    std::vector<std::int64_t> values;
    if (Count(field) == 0) return values;
    std::string_view bytes = Only(field, 2).bytes;
    while (!bytes.empty()) values.push_back(UnZigZag(TakeVarint(bytes)));
    return values;
  }

  static std::uint64_t TakeVarint(std::string_view& bytes) {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(Take(bytes, 1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    throw std::runtime_error("varint");
  }
  static std::string_view Take(std::string_view& bytes, std::uint64_t count) {
    if (count > bytes.size()) throw std::runtime_error("truncated");
    const std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
  }

 private:
  struct Value {
    std::uint64_t type;
    std::uint64_t number;
    std::string_view bytes;
  };

  static std::int64_t UnZigZag(std::uint64_t value) {
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  [[nodiscard]] const Value& At(int field, std::size_t i, std::uint64_t type) const {
    const Value& value = fields_.at(field).at(i);
    if (value.type != type) throw std::runtime_error("another wire type");
    return value;
  }
  [[nodiscard]] const Value& Only(int field, std::uint64_t type) const {
    if (Count(field) != 1) throw std::runtime_error("not there, or more than once");
    return At(field, 0, type);
  }

  std::map<int, std::vector<Value>> fields_;
};

// Messages each after its length. They look into `bytes`.
inline std::vector<WireMessage> ReadDelimited(std::string_view bytes) {
  std::vector<WireMessage> messages;
  while (!bytes.empty()) {
    const std::uint64_t length = WireMessage::TakeVarint(bytes);
    messages.emplace_back(WireMessage::Take(bytes, length));
  }
  return messages;
}

}  // namespace nanotally
