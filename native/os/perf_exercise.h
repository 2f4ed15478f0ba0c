// Work in which most events of a processor must happen: whoever counts one and finds 0 behind it
// does not count it. Hypervisors and emulators list events, and let them be opened, that stand
// still.
#pragma once

#include <string_view>

namespace nanotally {

// Some ten milliseconds, and 8 MiB of memory that is given back. Without that memory it does
// nothing, and returns false. Any thread; its own events alone.
bool ExerciseProcessor() noexcept;

// Whether the event cannot be 0 behind ExerciseProcessor(). Not those of what a processor may never
// need to do, or what cannot be had on purpose: fetches past the cache of operations, hardware
// prefetches, other nodes' memory, vectors wider than this machine's.
[[nodiscard]] bool IsExercised(std::string_view event) noexcept;

}  // namespace nanotally
