// By pthread_atfork(3): by all that forks but vfork(2) and a plain clone(2).
#include <pthread.h>

#include "os/fork.h"

namespace nanotally {

// Without memory for it: nothing can be done.
void CallInForkedChildren(void (*handler)()) noexcept { pthread_atfork(nullptr, nullptr, handler); }

}  // namespace nanotally
