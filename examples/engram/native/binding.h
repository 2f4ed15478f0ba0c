// What the files of the binding share. Arguments are checked for memory safety here; what they mean
// is checked by index/addon.mjs and its users, which know how to say it.
#pragma once

#include <napi.h>

#include <initializer_list>
#include <string>

namespace engram {

void InitIndexes(Napi::Env env, Napi::Object exports);
void InitTools(Napi::Env env, Napi::Object exports);

// An argument that is a typed array of at least so many elements.
template <typename Array>
Array ArrayArgument(const Napi::CallbackInfo& info, std::size_t index, napi_typedarray_type type,
                    std::size_t least) {
  if (info[index].IsTypedArray() && info[index].As<Napi::TypedArray>().TypedArrayType() == type) {
    const auto array = info[index].As<Array>();
    if (array.ElementLength() >= least) return array;
  }
  throw Napi::TypeError::New(info.Env(), "argument " + std::to_string(index) +
                                             ": expected a typed array of its kind with " +
                                             std::to_string(least) + " elements or more");
}

inline Napi::Float32Array FloatsArgument(const Napi::CallbackInfo& info, std::size_t index,
                                         std::size_t least) {
  return ArrayArgument<Napi::Float32Array>(info, index, napi_float32_array, least);
}

struct Figure {
  const char* name;
  double value;
};

// An object of numbers. Counts are exact up to 2^53.
inline Napi::Object ObjectOf(Napi::Env env, std::initializer_list<Figure> figures) {
  Napi::Object object = Napi::Object::New(env);
  for (const Figure& figure : figures) object.Set(figure.name, figure.value);
  return object;
}

inline Figure Count(const char* name, std::uint64_t value) {
  return {name, static_cast<double>(value)};
}

}  // namespace engram
