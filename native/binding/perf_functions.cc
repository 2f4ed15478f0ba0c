// TODO
#include "binding/hardware_functions.h"

namespace nanotally {

void AddPerfFunctions(Napi::Object) {}

}  // namespace nanotally
