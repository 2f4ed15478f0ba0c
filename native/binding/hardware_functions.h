// The entry points that read hardware, as typed and documented in lib/native.ts. Each of these adds
// its functions to the addon's exports; each is a file of its name.
#pragma once

#include <napi.h>

namespace nanotally {

void AddTopologyFunctions(Napi::Object exports);
void AddPerfFunctions(Napi::Object exports);
void AddNumaFunctions(Napi::Object exports);
void AddRegionFunctions(Napi::Object exports);

}  // namespace nanotally
