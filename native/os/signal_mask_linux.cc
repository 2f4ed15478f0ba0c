// Signal masks by pthread_sigmask(3).
#include <csignal>

#include "os/signal_mask.h"

namespace nanotally {

struct AllSignalsBlocked::Saved {
  sigset_t mask;
};

AllSignalsBlocked::AllSignalsBlocked() : saved_(std::make_unique<Saved>()) {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &saved_->mask);
}

AllSignalsBlocked::~AllSignalsBlocked() { pthread_sigmask(SIG_SETMASK, &saved_->mask, nullptr); }

}  // namespace nanotally
