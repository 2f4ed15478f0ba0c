// Nothing of ours is in a child's way here.
#include "os/fork.h"

namespace nanotally {

void CallInForkedChildren(void (*)()) noexcept {}

}  // namespace nanotally
