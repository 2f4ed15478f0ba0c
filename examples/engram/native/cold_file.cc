#include "cold_file.h"

#include <algorithm>
#include <new>

#if !defined(_WIN32)
#include <unistd.h>

#include <cerrno>
#endif

namespace engram {

std::unique_ptr<ColdFile> ColdFile::Write(std::span<const std::uint8_t> bytes) noexcept {
  std::FILE* const file = std::tmpfile();
  if (file == nullptr) return nullptr;
  if (std::fwrite(bytes.data(), 1, bytes.size(), file) != bytes.size() || std::fflush(file) != 0) {
    std::fclose(file);
    return nullptr;
  }
  std::unique_ptr<ColdFile> made(new (std::nothrow) ColdFile(file));
  if (made == nullptr) std::fclose(file);
  return made;
}

#if defined(_WIN32)

bool ColdFile::Read(std::uint64_t offset, std::span<std::uint8_t> bytes) const noexcept {
  const std::lock_guard lock(mutex_);
  return _fseeki64(file_, static_cast<__int64>(offset), SEEK_SET) == 0 &&
         std::fread(bytes.data(), 1, bytes.size(), file_) == bytes.size();
}

#else

bool ColdFile::Read(std::uint64_t offset, std::span<std::uint8_t> bytes) const noexcept {
  const int descriptor = fileno(file_);
  while (!bytes.empty()) {
    const ssize_t read = pread(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (read < 0 && errno == EINTR) continue;
    if (read <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(read));
    offset += static_cast<std::uint64_t>(read);
  }
  return true;
}

#endif

void ColdReader::Open(const ColdFile& file, std::size_t size) {
  file_ = &file;
  size_ = size;
  if (bytes_.size() < size) bytes_.resize(size);
  has_block_.assign((size + kBlockBytes - 1) / kBlockBytes, false);
}

std::span<const std::uint8_t> ColdReader::Bytes(std::size_t start, std::size_t count) noexcept {
  for (std::size_t block = start / kBlockBytes; block * kBlockBytes < start + count; ++block) {
    if (has_block_[block]) continue;
    const std::size_t begin = block * kBlockBytes;
    const auto bytes = std::span(bytes_).subspan(begin, std::min(kBlockBytes, size_ - begin));
    if (!file_->Read(begin, bytes)) return {};
    has_block_[block] = true;
  }
  return std::span(bytes_).subspan(start, count);
}

}  // namespace engram
