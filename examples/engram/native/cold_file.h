// Bytes in a temporary file that has no name: the system removes it with the last descriptor, so
// also when the process is killed. It lies where tmpfile(3) puts it, on Linux in /tmp.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace engram {

class ColdFile {
 public:
  // nullptr where there is no file to be had, or no room in it.
  static std::unique_ptr<ColdFile> Write(std::span<const std::uint8_t> bytes) noexcept;
  ~ColdFile() { std::fclose(file_); }
  ColdFile(const ColdFile&) = delete;
  ColdFile& operator=(const ColdFile&) = delete;

  // Fills `bytes` from an offset: many threads at once. False when it cannot.
  bool Read(std::uint64_t offset, std::span<std::uint8_t> bytes) const noexcept;

 private:
  explicit ColdFile(std::FILE* file) noexcept : file_(file) {}

  std::FILE* const file_;
  mutable std::mutex mutex_;  // of the file's position, where reads have to move it
};

// A thread's view of such a file, which it reads block by block as they are asked for, each once
// after Open. A search looks at a thousand places of a segment: as many reads take milliseconds, a
// dozen of larger blocks a tenth of that. Takes the file's size in memory, for each thread.
class ColdReader {
 public:
  // Forgets what was read, of this file or another. It is `size` bytes long.
  void Open(const ColdFile& file, std::size_t size);

  // Valid until Open; empty where they cannot be read.
  std::span<const std::uint8_t> Bytes(std::size_t start, std::size_t count) noexcept;

 private:
  static constexpr std::size_t kBlockBytes = 16 * 1024;

  const ColdFile* file_ = nullptr;
  std::size_t size_ = 0;
  std::vector<std::uint8_t> bytes_;
  std::vector<bool> has_block_;
};

}  // namespace engram
