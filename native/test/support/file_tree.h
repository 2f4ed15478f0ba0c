// Files below a temporary folder that goes with the object: a made-up /proc and /sys.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace nanotally {

class FileTree {
 public:
  using Files = std::map<std::string, std::string>;  // text by path, without a slash before it

  explicit FileTree(const Files& files = {}) {
    std::string pattern = std::filesystem::temp_directory_path() / "nanotally-files-XXXXXX";
    root_ = mkdtemp(pattern.data());
    for (const auto& [path, text] : files) Write(path, text);
  }
  ~FileTree() { std::filesystem::remove_all(root_); }
  FileTree(const FileTree&) = delete;
  FileTree& operator=(const FileTree&) = delete;

  // A root as the readers of native/os take it.
  [[nodiscard]] std::string Root() const { return root_; }

  void Write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  void Remove(const std::string& path) { std::filesystem::remove_all(root_ / path); }

 private:
  std::filesystem::path root_;
};

}  // namespace nanotally
