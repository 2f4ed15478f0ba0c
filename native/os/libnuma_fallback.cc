// There is none.
#include "os/libnuma.h"

namespace nanotally {

const NumaLibrary* LoadNumaLibrary() { return nullptr; }

}  // namespace nanotally
