// TODO
#include "binding/hardware_functions.h"

namespace nanotally {

void AddRegionFunctions(Napi::Object) {}

}  // namespace nanotally
