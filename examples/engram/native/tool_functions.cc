// Kernels and pools, for JavaScript.
#include "binding.h"
#include "kernels.h"
#include "pool.h"

namespace engram {
namespace {

// kernels(): the name, the floats in a register and the error now of each; the active one first
Napi::Value CheckKernels(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto describe = [env](const Kernel& kernel) {
    const double error = KernelError(kernel);
    Napi::Object object =
        ObjectOf(env, {{"lanes", static_cast<double>(kernel.lanes)}, {"error", error}});
    object["name"] = Napi::String::New(env, kernel.name);
    object["isRight"] = Napi::Boolean::New(env, error <= kLargestKernelError);
    return object;
  };
  Napi::Array all = Napi::Array::New(env);
  all[std::uint32_t{0}] = describe(ActiveKernel());
  std::uint32_t count = 1;
  for (const Kernel& kernel : Kernels()) {
    if (kernel.name != ActiveKernel().name) all[count++] = describe(kernel);
  }
  return all;
}

// activeKernel(): its name
Napi::Value NameActiveKernel(const Napi::CallbackInfo& info) {
  return Napi::String::New(info.Env(), ActiveKernel().name);
}

// useKernel(name): whether there is one of that name
Napi::Value UseKernelByName(const Napi::CallbackInfo& info) {
  return Napi::Boolean::New(info.Env(), UseKernel(info[0].ToString().Utf8Value()));
}

std::size_t LengthOf(const Napi::CallbackInfo& info, const Napi::TypedArray& array) {
  const std::size_t length = array.ElementLength();
  if (length == 0 || length % kFloatsPerTurn != 0)
    throw Napi::RangeError::New(info.Env(), "expected a multiple of 16 elements");
  return length;
}

// dot(a, b), both of floats, by the active kernel
Napi::Value Dot(const Napi::CallbackInfo& info) {
  const auto a = FloatsArgument(info, 0, 0);
  const std::size_t n = LengthOf(info, a);
  const auto b = FloatsArgument(info, 1, n);
  return Napi::Number::New(info.Env(), ActiveKernel().dot(a.Data(), b.Data(), n));
}

// dotInt8(a, b), of floats and of bytes with a sign
Napi::Value DotInt8(const Napi::CallbackInfo& info) {
  const auto a = FloatsArgument(info, 0, 0);
  const std::size_t n = LengthOf(info, a);
  const auto b = ArrayArgument<Napi::Int8Array>(info, 1, napi_int8_array, n);
  return Napi::Number::New(info.Env(), ActiveKernel().dot_int8(a.Data(), b.Data(), n));
}

Napi::Object Describe(Napi::Env env, const PoolBooks& books) {
  return ObjectOf(env, {Count("capacity", books.capacity),
                        Count("used", books.used),
                        Count("requested", books.requested),
                        Count("internal", books.used - books.requested),
                        Count("external", books.external),
                        Count("empty", books.empty),
                        Count("slabs", books.slabs),
                        Count("allocations", books.allocations),
                        Count("allocatedBytes", books.allocated_bytes),
                        Count("frees", books.frees),
                        Count("aligned", books.aligned),
                        Count("failures", books.failures),
                        Count("refused", books.refused),
                        {"utilization", books.Utilization()},
                        {"fragmentation", books.Fragmentation()}});
}

// pools(): the books of the process's pools, by type
Napi::Value DescribePools(const Napi::CallbackInfo& info) {
  Napi::Object pools = Napi::Object::New(info.Env());
  pools["vector_arena"] = Describe(info.Env(), VectorArena().Books());
  pools["edge_arena"] = Describe(info.Env(), EdgeArena().Books());
  return pools;
}

// recordPools()
void RecordPools(const Napi::CallbackInfo&) {
  VectorArena().Record();
  EdgeArena().Record();
}

// trimPools(): bytes given back to the system
Napi::Value TrimPools(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(),
                           static_cast<double>(VectorArena().Trim() + EdgeArena().Trim()));
}

// A pool of one's own, for tests: createPool(), poolAllocate(pool, bytes), poolFree(pool, address),
// poolTrim(pool), poolBooks(pool). Addresses are numbers, and 0 is none; they fit 2^53.
Napi::Value CreatePool(const Napi::CallbackInfo& info) {
  return Napi::External<Pool>::New(info.Env(), new Pool,
                                   [](Napi::Env, Pool* pool) { delete pool; });
}

Pool& PoolArgument(const Napi::CallbackInfo& info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "expected a pool");
  return *info[0].As<Napi::External<Pool>>().Data();
}

Napi::Value PoolAllocate(const Napi::CallbackInfo& info) {
  void* const block = PoolArgument(info).Allocate(info[1].ToNumber().Uint32Value());
  return Napi::Number::New(info.Env(),
                           static_cast<double>(reinterpret_cast<std::uintptr_t>(block)));
}

Napi::Value PoolFree(const Napi::CallbackInfo& info) {
  const auto address = static_cast<std::uintptr_t>(info[1].ToNumber().Int64Value());
  return Napi::Boolean::New(info.Env(), PoolArgument(info).Free(reinterpret_cast<void*>(address)));
}

Napi::Value PoolTrim(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(PoolArgument(info).Trim()));
}

Napi::Value DescribePool(const Napi::CallbackInfo& info) {
  return Describe(info.Env(), PoolArgument(info).Books());
}

}  // namespace

void InitTools(Napi::Env env, Napi::Object exports) {
  exports["checkKernels"] = Napi::Function::New(env, CheckKernels);
  exports["activeKernel"] = Napi::Function::New(env, NameActiveKernel);
  exports["useKernel"] = Napi::Function::New(env, UseKernelByName);
  exports["dot"] = Napi::Function::New(env, Dot);
  exports["dotInt8"] = Napi::Function::New(env, DotInt8);
  exports["pools"] = Napi::Function::New(env, DescribePools);
  exports["recordPools"] = Napi::Function::New(env, RecordPools);
  exports["trimPools"] = Napi::Function::New(env, TrimPools);
  exports["createPool"] = Napi::Function::New(env, CreatePool);
  exports["poolAllocate"] = Napi::Function::New(env, PoolAllocate);
  exports["poolFree"] = Napi::Function::New(env, PoolFree);
  exports["poolTrim"] = Napi::Function::New(env, PoolTrim);
  exports["poolBooks"] = Napi::Function::New(env, DescribePool);
}

}  // namespace engram
