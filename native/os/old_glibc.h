// The part of old_glibc_linux.cc that a test can only reach by its name: the newer function is
// there where tests run.
#pragma once

#include <pthread.h>
#include <time.h>

namespace nanotally {

// pthread_cond_clockwait for a glibc that lacks it: waits on CLOCK_REALTIME, for a second at most,
// so that a clock that is set back costs no more. Earlier than `until` it returns 0, which callers
// take for a spurious wake-up.
int WaitOnRealtime(pthread_cond_t* condition, pthread_mutex_t* mutex, clockid_t clock,
                   const timespec* until) noexcept;

}  // namespace nanotally
