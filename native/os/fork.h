// What a child process of fork(2) has to do before anything else.
#pragma once

namespace nanotally {

// `handler` runs in each child that is forked without execve(2) from now on, on its one thread,
// before fork returns there. To be called once for each handler. It may do what a signal handler
// may.
void CallInForkedChildren(void (*handler)()) noexcept;

}  // namespace nanotally
