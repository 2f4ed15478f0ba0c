// For prebuilt binaries alone: what they bind in place of the symbols that a newer glibc would have
// them bind, so that they load from glibc 2.28 on. binding.gyp has the linker turn each reference
// to a name into one to the same name behind
// `__wrap_` (ld(1), --wrap), also in the static libstdc++ and libgcc, for every such function or
// flag of this file.
//
// Three kinds: functions that are as they were and got a new version (glibc 2.34 moved libpthread
// and libdl into libc: Node has loaded those, where they are files of their own); a flag; and
// functions that are newer, done by older means.
#include <dlfcn.h>
#include <fcntl.h>
#include <link.h>
#include <pthread.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>

#include "os/old_glibc.h"

// The version of everything that was in the architecture's first glibc, and a jump through the
// table of functions.
#if defined(__x86_64__)
#define FIRST_VERSION "GLIBC_2.2.5"
#define JUMP(target) "jmp " target "@PLT"
#elif defined(__aarch64__)
#define FIRST_VERSION "GLIBC_2.17"
#define JUMP(target) "b " target
#endif

// A function that goes on to the first version of NAME, whatever its arguments are.
#define FORWARD(wrapper, name) \
  asm(".symver first_" name "," name "@" FIRST_VERSION                            \
      "\n.pushsection .text\n.globl " wrapper "\n.hidden " wrapper                \
      "\n.type " wrapper ",@function\n" wrapper ":\n" JUMP("first_" name) "\n"    \
      ".size " wrapper ",.-" wrapper "\n.popsection\n")

FORWARD("__wrap_dladdr", "dladdr");
FORWARD("__wrap_dlopen", "dlopen");
FORWARD("__wrap_dlsym", "dlsym");
FORWARD("__wrap_exp2", "exp2");
FORWARD("__wrap_log2", "log2");
FORWARD("__wrap_pow", "pow");
FORWARD("__wrap___pthread_key_create", "__pthread_key_create");
FORWARD("__wrap_pthread_create", "pthread_create");
FORWARD("__wrap_pthread_detach", "pthread_detach");
FORWARD("__wrap_pthread_getspecific", "pthread_getspecific");
FORWARD("__wrap_pthread_join", "pthread_join");
FORWARD("__wrap_pthread_key_create", "pthread_key_create");
FORWARD("__wrap_pthread_key_delete", "pthread_key_delete");
FORWARD("__wrap_pthread_once", "pthread_once");
FORWARD("__wrap_pthread_rwlock_rdlock", "pthread_rwlock_rdlock");
FORWARD("__wrap_pthread_rwlock_unlock", "pthread_rwlock_unlock");
FORWARD("__wrap_pthread_rwlock_wrlock", "pthread_rwlock_wrlock");
FORWARD("__wrap_pthread_setspecific", "pthread_setspecific");
FORWARD("__wrap_pthread_sigmask", "pthread_sigmask");

namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;

std::int64_t Nanoseconds(const timespec& time) noexcept {
  return time.tv_sec * kNanosecondsPerSecond + time.tv_nsec;
}

std::int64_t Now(clockid_t clock) noexcept {
  timespec now;
  clock_gettime(clock, &now);
  return Nanoseconds(now);
}

// What is sought of the loaded objects, and what was found.
struct Search {
  std::uintptr_t address;
  dl_find_object* found;
};

// Whether this object holds the address: then its extent and its table of frames are noted.
int Look(dl_phdr_info* object, std::size_t, void* data) noexcept {
  auto* search = static_cast<Search*>(data);
  bool holds = false;
  std::uintptr_t begin = UINTPTR_MAX;
  std::uintptr_t end = 0;
  std::uintptr_t frames = 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const auto& segment = object->dlpi_phdr[i];
    const std::uintptr_t start = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_EH_FRAME) frames = start;
    if (segment.p_type != PT_LOAD) continue;
    begin = std::min(begin, start);
    end = std::max(end, start + segment.p_memsz);
    holds = holds || search->address - start < segment.p_memsz;
  }
  if (!holds || frames == 0) return 0;
  search->found->dlfo_map_start = reinterpret_cast<void*>(begin);
  search->found->dlfo_map_end = reinterpret_cast<void*>(end);
  search->found->dlfo_eh_frame = reinterpret_cast<void*>(frames);
  return 1;
}

}  // namespace

namespace nanotally {

int WaitOnRealtime(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                   const timespec* until) noexcept {
  const std::int64_t left = Nanoseconds(*until) - Now(clock);
  const std::int64_t slice = std::clamp<std::int64_t>(left, 0, kNanosecondsPerSecond);
  const std::int64_t end = Now(CLOCK_REALTIME) + slice;
  const timespec deadline{end / kNanosecondsPerSecond, end % kNanosecondsPerSecond};
  const int result = pthread_cond_timedwait(condition, mutex, &deadline);
  return result == ETIMEDOUT && slice < left ? 0 : result;
}

}  // namespace nanotally

extern "C" {

// libstdc++ asks it before atomic increments that one thread alone could do without. 2.32.
char __wrap___libc_single_threaded = 0;

// 2.30.
int __wrap_pthread_cond_clockwait(pthread_cond_t* condition, pthread_mutex_t* mutex,
                                  clockid_t clock, const timespec* until) noexcept {
  static const auto newer = reinterpret_cast<decltype(&pthread_cond_clockwait)>(
      dlsym(RTLD_DEFAULT, "pthread_cond_clockwait"));
  return (newer ? newer : nanotally::WaitOnRealtime)(condition, mutex, clock, until);
}

// libgcc's unwinder finds the frames of a throwing function by it; -1 is "none". 2.35.
int __wrap__dl_find_object(void* address, dl_find_object* found) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(address), found};
  return dl_iterate_phdr(Look, &search) == 1 ? 0 : -1;
}

// libstdc++'s random_device. 2.36.
std::uint32_t __wrap_arc4random() noexcept {
  std::uint32_t bits;
  while (getrandom(&bits, sizeof bits, 0) != sizeof bits) {
    if (errno != EINTR) std::abort();  // as glibc's does
  }
  return bits;
}

// libstdc++'s files. The kernel's structure is glibc's on 64-bit systems. 2.33.
int __wrap_fstat64(int file, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_fstat, file, status));
}

// The same by a path, as node-gyp's -D_FILE_OFFSET_BITS=64 calls stat. 2.33.
int __wrap_stat64(const char* path, struct stat64* status) noexcept {
  return static_cast<int>(syscall(SYS_newfstatat, AT_FDCWD, path, status, 0));
}

}  // extern "C"
