// Keeps signals off a thread while another is started from it.
#pragma once

#include <memory>

namespace nanotally {

// Blocks all signals on the calling thread for the life of the object. A no-op where there are no
// signal masks.
class AllSignalsBlocked {
 public:
  AllSignalsBlocked();
  ~AllSignalsBlocked();
  AllSignalsBlocked(const AllSignalsBlocked&) = delete;
  AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;

 private:
  struct Saved;
  std::unique_ptr<Saved> saved_;
};

}  // namespace nanotally
