// No signal masks here.
#include "os/signal_mask.h"

namespace nanotally {

struct AllSignalsBlocked::Saved {};

AllSignalsBlocked::AllSignalsBlocked() = default;
AllSignalsBlocked::~AllSignalsBlocked() = default;

}  // namespace nanotally
