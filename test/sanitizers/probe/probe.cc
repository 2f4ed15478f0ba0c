// An addon for the tests of the sanitized addon: seeded faults that the sanitizers must report
// inside Node, and what the tests need of the sanitizers' runtime. Built like the sanitized addon
// and under the same flags, by scripts/test-sanitized-addon.sh.
//
// fault(name, when): "now" on the calling thread, or at its environment's "teardown", in a clean-up
// hook: where nanotally folds what an ended worker recorded.
#include <dlfcn.h>
#include <node_api.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <memory>
#include <string>

namespace {

// Written so that the compiler cannot leave the allocations out.
volatile std::uintptr_t seen = 0;

// An int, read after it was given back.
void UseAfterFree(void*) {
  auto owner = std::make_unique<int>(7);
  // volatile: the compiler would see through a plain pointer and refuse to build this.
  int* volatile stale = owner.get();
  owner.reset();
  const int read = *stale;
  std::printf("survived its fault: %d\n", read);
}

// One more than the largest int.
void SignedOverflow(void*) {
  volatile int value = std::numeric_limits<int>::max();
  value = value + 1;
  std::printf("survived its fault: %d\n", value);
}

// Several blocks, from a frame of their own: an address left behind on the stack counts as a live
// pointer.
[[gnu::noinline]] void Leak(void*) {
  for (int i = 0; i < 64; ++i) seen = seen ^ reinterpret_cast<std::uintptr_t>(new int[16]);
}

// Memory that Node allocates for this addon, which never gives it back: the allocation's innermost
// frames are Node's.
[[gnu::noinline]] void LeakThroughNode(void* argument) {
  auto* const env = static_cast<napi_env>(argument);
  napi_value name;
  if (napi_create_string_utf8(env, "leak", NAPI_AUTO_LENGTH, &name) != napi_ok) std::abort();
  for (int i = 0; i < 64; ++i) {
    napi_async_work work;
    if (napi_create_async_work(
            env, nullptr, name, [](napi_env, void*) {}, nullptr, nullptr, &work) != napi_ok)
      std::abort();
    seen = seen ^ reinterpret_cast<std::uintptr_t>(work);
  }
}

// The leak that every process under test has on purpose: where it is not reported, nobody looked
// for leaks.
[[gnu::noinline]] void LeakCanary() {
  for (int i = 0; i < 64; ++i) seen = seen ^ reinterpret_cast<std::uintptr_t>(new char[24]);
}

struct {
  const char* name;
  void (*run)(void* env);
} constexpr kFaults[] = {
    {"use-after-free", UseAfterFree},
    {"signed-overflow", SignedOverflow},
    {"leak", Leak},
    {"leak-through-node", LeakThroughNode},
};

std::string StringArgument(napi_env env, napi_callback_info info, std::size_t index) {
  napi_value arguments[2];
  std::size_t count = std::size(arguments);
  char text[4096];
  std::size_t length = 0;
  if (napi_get_cb_info(env, info, &count, arguments, nullptr, nullptr) != napi_ok ||
      index >= count ||
      napi_get_value_string_utf8(env, arguments[index], text, sizeof text, &length) != napi_ok) {
    std::abort();
  }
  return std::string(text, length);
}

napi_value Fault(napi_env env, napi_callback_info info) {
  const std::string name = StringArgument(env, info, 0);
  const std::string when = StringArgument(env, info, 1);
  for (const auto& fault : kFaults) {
    if (name != fault.name) continue;
    if (when == "now") {
      fault.run(env);
    } else if (when != "teardown" || napi_add_env_cleanup_hook(env, fault.run, env) != napi_ok) {
      std::abort();
    }
    return nullptr;
  }
  napi_throw_range_error(env, nullptr, "no such fault");
  return nullptr;
}

napi_value Canary(napi_env, napi_callback_info) {
  LeakCanary();
  return nullptr;
}

// Looks for leaks now. For a process that will be killed: the check at its exit would never come.
napi_value CheckLeaks(napi_env, napi_callback_info) {
  __lsan_do_recoverable_leak_check();
  return nullptr;
}

// setReportPath(path): reports go to path.PID from now on, of UBSan to path-undefined.PID. Each
// runtime has this function, under one name: UBSan's is found by its library.
napi_value SetReportPath(napi_env env, napi_callback_info info) {
  const std::string path = StringArgument(env, info, 0);
  __sanitizer_set_report_path(path.c_str());
  void* const library = dlopen("libubsan.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (library == nullptr) std::abort();
  auto* const set = dlsym(library, "__sanitizer_set_report_path");
  if (set == nullptr) std::abort();
  reinterpret_cast<void (*)(const char*)>(set)((path + "-undefined").c_str());
  return nullptr;
}

}  // namespace

NAPI_MODULE_INIT() {
  const napi_property_descriptor functions[] = {
      {"fault", nullptr, Fault, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"canary", nullptr, Canary, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"checkLeaks", nullptr, CheckLeaks, nullptr, nullptr, nullptr, napi_enumerable, nullptr},
      {"setReportPath", nullptr, SetReportPath, nullptr, nullptr, nullptr, napi_enumerable,
       nullptr},
  };
  if (napi_define_properties(env, exports, std::size(functions), functions) != napi_ok)
    std::abort();
  return exports;
}
