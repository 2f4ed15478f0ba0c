// Exemplars that say whether they are whole: each word is made of the same number.
#pragma once

#include <cstdint>

#include "core/exemplar_slot.h"

namespace nanotally {

// `number` is not 0.
inline StoredExemplar WholeExemplar(std::uint32_t number) {
  const auto word = std::uint64_t{number} * 0x9E3779B97F4A7C15;
  return {static_cast<double>(number), static_cast<double>(number) * 2, {word, word + 1, word + 2}};
}

inline bool IsWhole(const StoredExemplar& exemplar) {
  const StoredExemplar whole = WholeExemplar(static_cast<std::uint32_t>(exemplar.value));
  return exemplar.value != 0 && exemplar.value == whole.value &&
         exemplar.unix_seconds == whole.unix_seconds && exemplar.ids == whole.ids;
}

}  // namespace nanotally
