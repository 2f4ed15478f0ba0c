// Counting file descriptors by both ways, beside a listing of their directory.
#include "os/open_files.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "os/process_files.h"
#include "test/support/file_tree.h"

namespace nanotally {
namespace {

// What /proc/self/fd lists, without the descriptor that the listing takes.
double ListOpenFiles() {
  double count = -1;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd"))
    ++count;
  return count;
}

Reading ByPoll() { return CountOpenFilesByPoll(ReadProcessStatus("").descriptor_slots); }

void ExpectAll(const std::string& when) {
  const double listed = ListOpenFiles();
  EXPECT_EQ(ByPoll(), listed) << when;
  // Kernels before 6.2 do not tell.
  if (const Reading by_size = CountOpenFilesBySize("")) {
    EXPECT_EQ(by_size, listed) << when;
  }
}

// Raises the limit of open files, above the hard one too: a guest's first process has 1024 of them,
// and is root.
void AllowOpenFiles(rlim_t count) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur >= count) return;
  limit = {count, std::max(limit.rlim_max, count)};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0) << "this test opens " << count << " files";
}

TEST(OpenFiles, AreWhatTheirDirectoryLists) {
  ASSERT_NO_FATAL_FAILURE(AllowOpenFiles(2000));
  const double before = ListOpenFiles();
  ExpectAll("before");
  // Past a call's 1024, past the table's first size, and with holes.
  std::vector<int> opened;
  for (int i = 0; i < 1500; ++i) {
    opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
    ASSERT_GE(opened.back(), 0);
    if (i % 250 == 0) ExpectAll("opened " + std::to_string(i + 1));
  }
  EXPECT_EQ(ListOpenFiles(), before + 1500);
  for (int i = 0; i < 1500; i += 2) close(opened[i]);
  ExpectAll("every second one closed");
  int pipes[2];
  ASSERT_EQ(pipe(pipes), 0);
  ExpectAll("a pipe open");
  close(pipes[1]);
  ExpectAll("a pipe whose other end is closed");
  close(pipes[0]);
  for (int i = 1; i < 1500; i += 2) close(opened[i]);
  EXPECT_EQ(ListOpenFiles(), before);
  ExpectAll("after");
}

TEST(OpenFiles, AreCountedAlsoAboveALimitThatWasLowered) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  std::vector<int> opened;
  for (int i = 0; i < 100; ++i) opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  const double listed = ListOpenFiles();
  const rlimit lower{20, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lower), 0);
  const Reading counted = CountOpenFilesByPoll(256);
  EXPECT_EQ(MaxOpenFiles(), 20);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(counted, listed);
  for (const int file : opened) close(file);
}

TEST(OpenFiles, AreAbsentWhereNothingTells) {
  const FileTree older(
      FileTree::Files{{"proc/self/fd", ""}});  // of size 0, as kernels before 6.2 tell it
  EXPECT_EQ(CountOpenFilesBySize(older.Root()), std::nullopt);
  EXPECT_EQ(CountOpenFilesBySize("/no such folder"), std::nullopt);
  const FileTree newer(FileTree::Files{{"proc/self/fd", "1234567"}});
  EXPECT_EQ(CountOpenFilesBySize(newer.Root()), 7);
  EXPECT_EQ(CountOpenFilesByPoll(std::nullopt), std::nullopt);
  EXPECT_EQ(CountOpenFilesByPoll(1e18), std::nullopt) << "no table is so large";
}

TEST(OpenFiles, HaveALimit) {
  rlimit limit;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  if (limit.rlim_cur == RLIM_INFINITY) {
    EXPECT_EQ(MaxOpenFiles(), std::nullopt);
  } else {
    EXPECT_EQ(MaxOpenFiles(), static_cast<double>(limit.rlim_cur));
  }
}

}  // namespace
}  // namespace nanotally
