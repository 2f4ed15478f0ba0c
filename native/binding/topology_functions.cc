// TODO
#include "binding/hardware_functions.h"

namespace nanotally {

void AddTopologyFunctions(Napi::Object) {}

}  // namespace nanotally
