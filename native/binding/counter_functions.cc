// TODO
#include "binding/hardware_functions.h"

namespace nanotally {

void AddCounterFunctions(Napi::Object) {}

}  // namespace nanotally
