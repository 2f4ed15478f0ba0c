// What the prebuilt binaries use in place of newer functions of glibc, compared with those of this
// system.
#include "os/old_glibc.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <set>
#include <thread>

extern "C" {
extern char __wrap___libc_single_threaded;
int __wrap_pthread_cond_clockwait(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);
int __wrap__dl_find_object(void*, dl_find_object*);
std::uint32_t __wrap_arc4random();
int __wrap_fstat64(int, struct stat64*);
int __wrap_stat64(const char*, struct stat64*);
int __wrap_dladdr(const void*, Dl_info*);
double __wrap_log2(double);
double __wrap_exp2(double);
double __wrap_pow(double, double);
void* __wrap_dlopen(const char*, int);
void* __wrap_dlsym(void*, const char*);
int __wrap_pthread_create(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
int __wrap_pthread_join(pthread_t, void**);
}

namespace nanotally {
namespace {

timespec After(clockid_t clock, std::int64_t milliseconds) {
  timespec time;
  clock_gettime(clock, &time);
  const std::int64_t nanoseconds =
      time.tv_sec * 1'000'000'000 + time.tv_nsec + milliseconds * 1'000'000;
  return {nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
}

bool IsPast(clockid_t clock, const timespec& time) {
  timespec now;
  clock_gettime(clock, &now);
  return now.tv_sec > time.tv_sec || (now.tv_sec == time.tv_sec && now.tv_nsec >= time.tv_nsec);
}

using Wait = int (*)(pthread_cond_t*, pthread_mutex_t*, clockid_t, const timespec*);

struct OldGlibcWait : testing::TestWithParam<Wait> {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
};

TEST_P(OldGlibcWait, TimesOutWhenTheTimeHasCome) {
  for (const clockid_t clock : {CLOCK_MONOTONIC, CLOCK_REALTIME}) {
    const timespec until = After(clock, 30);
    pthread_mutex_lock(&mutex);
    while (GetParam()(&condition, &mutex, clock, &until) != ETIMEDOUT) {
    }
    pthread_mutex_unlock(&mutex);
    EXPECT_TRUE(IsPast(clock, until));
  }
}

TEST_P(OldGlibcWait, TimesOutAtOnceWhenTheTimeIsPast) {
  const timespec until = After(CLOCK_MONOTONIC, -5000);
  pthread_mutex_lock(&mutex);
  EXPECT_EQ(GetParam()(&condition, &mutex, CLOCK_MONOTONIC, &until), ETIMEDOUT);
  pthread_mutex_unlock(&mutex);
}

TEST_P(OldGlibcWait, WakesWhenItIsSignalled) {
  const timespec until = After(CLOCK_MONOTONIC, 600'000);
  bool signalled = false;
  pthread_mutex_lock(&mutex);
  std::thread other([&] {
    pthread_mutex_lock(&mutex);
    signalled = true;
    pthread_cond_signal(&condition);
    pthread_mutex_unlock(&mutex);
  });
  while (!signalled) EXPECT_EQ(GetParam()(&condition, &mutex, CLOCK_MONOTONIC, &until), 0);
  pthread_mutex_unlock(&mutex);
  other.join();
}

INSTANTIATE_TEST_SUITE_P(Glibc, OldGlibcWait,
                         testing::Values(__wrap_pthread_cond_clockwait, WaitOnRealtime),
                         [](const auto& info) { return info.index == 0 ? "Newer" : "Older"; });

TEST(OldGlibc, AWaitOnRealtimeIsWokenEarlyRatherThanLate) {
  pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
  const timespec until = After(CLOCK_MONOTONIC, 3'600'000);
  pthread_mutex_lock(&mutex);
  EXPECT_EQ(WaitOnRealtime(&condition, &mutex, CLOCK_MONOTONIC, &until), 0)
      << "nobody signalled, and the hour is not over";
  pthread_mutex_unlock(&mutex);
}

void ExpectSameObject(void* address) {
  dl_find_object expected{};
  dl_find_object found{};
  ASSERT_EQ(_dl_find_object(address, &expected), 0);
  ASSERT_EQ(__wrap__dl_find_object(address, &found), 0);
  EXPECT_EQ(found.dlfo_eh_frame, expected.dlfo_eh_frame);
  EXPECT_LE(found.dlfo_map_start, address);
  EXPECT_GT(found.dlfo_map_end, address);
}

TEST(OldGlibc, FindsTheFramesOfEachObject) {
  ExpectSameObject(reinterpret_cast<void*>(&ExpectSameObject));
  ExpectSameObject(dlsym(RTLD_DEFAULT, "malloc"));
  ExpectSameObject(dlsym(RTLD_DEFAULT, "__cxa_throw"));
  ExpectSameObject(dlsym(RTLD_DEFAULT, "log2"));
}

TEST(OldGlibc, FindsNothingWhereNoObjectIs) {
  dl_find_object found{};
  int variable = 0;
  EXPECT_EQ(__wrap__dl_find_object(&variable, &found), -1) << "the stack";
  EXPECT_EQ(__wrap__dl_find_object(nullptr, &found), -1);
}

TEST(OldGlibc, FirstVersionsDoTheSame) {
  for (const double x : {1.0, 1.5, 0x1p-1022, 1e300, 3.7}) EXPECT_EQ(__wrap_log2(x), std::log2(x));
  for (const double x : {0.0, 0.5, -3.25, 1000.1}) EXPECT_EQ(__wrap_exp2(x), std::exp2(x));
  for (const double x : {-2.0, 0.5, 3.0}) EXPECT_EQ(__wrap_pow(10, x), std::pow(10, x));
  void* const libc = __wrap_dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD);
  ASSERT_NE(libc, nullptr);
  EXPECT_EQ(libc, dlopen("libc.so.6", RTLD_NOW | RTLD_NOLOAD));
  EXPECT_EQ(__wrap_dlopen("no_such_library.so", RTLD_NOW), nullptr);
  EXPECT_EQ(__wrap_dlsym(RTLD_DEFAULT, "malloc"), dlsym(RTLD_DEFAULT, "malloc"));
  EXPECT_EQ(__wrap_dlsym(RTLD_DEFAULT, "no_such_symbol"), nullptr);
  Dl_info expected;
  Dl_info found;
  ASSERT_NE(dladdr(dlsym(RTLD_DEFAULT, "malloc"), &expected), 0);
  ASSERT_NE(__wrap_dladdr(dlsym(RTLD_DEFAULT, "malloc"), &found), 0);
  EXPECT_EQ(found.dli_fbase, expected.dli_fbase);
  EXPECT_STREQ(found.dli_sname, expected.dli_sname);
  pthread_t thread;
  int made = 0;
  const auto body = [](void* argument) -> void* {
    *static_cast<int*>(argument) = 7;
    return argument;
  };
  ASSERT_EQ(__wrap_pthread_create(&thread, nullptr, body, &made), 0);
  void* result = nullptr;
  ASSERT_EQ(__wrap_pthread_join(thread, &result), 0);
  EXPECT_EQ(result, &made);
  EXPECT_EQ(made, 7);
}

TEST(OldGlibc, RandomBitsDiffer) {
  std::set<std::uint32_t> seen;
  for (int i = 0; i < 100; ++i) seen.insert(__wrap_arc4random());
  EXPECT_GT(seen.size(), 90u);
}

TEST(OldGlibc, StatusOfAFile) {
  struct stat64 expected;
  struct stat64 found;
  std::memset(&found, 0, sizeof found);
  const int folder = open("/", O_RDONLY | O_DIRECTORY);
  ASSERT_EQ(fstat64(folder, &expected), 0);
  ASSERT_EQ(__wrap_fstat64(folder, &found), 0);
  close(folder);
  EXPECT_EQ(found.st_ino, expected.st_ino);
  EXPECT_EQ(found.st_mode, expected.st_mode);
  EXPECT_EQ(found.st_size, expected.st_size);
  EXPECT_EQ(__wrap_fstat64(-1, &found), -1);
  EXPECT_EQ(errno, EBADF);
}

TEST(OldGlibc, StatusOfAPath) {
  struct stat64 expected;
  struct stat64 found;
  std::memset(&found, 0, sizeof found);
  ASSERT_EQ(stat64("/", &expected), 0);
  ASSERT_EQ(__wrap_stat64("/", &found), 0);
  EXPECT_EQ(found.st_ino, expected.st_ino);
  EXPECT_EQ(found.st_mode, expected.st_mode);
  EXPECT_EQ(found.st_size, expected.st_size);
  EXPECT_EQ(__wrap_stat64("/no such file", &found), -1);
  EXPECT_EQ(errno, ENOENT);
}

TEST(OldGlibc, IsTakenForSeveralThreads) { EXPECT_EQ(__wrap___libc_single_threaded, 0); }

}  // namespace
}  // namespace nanotally
