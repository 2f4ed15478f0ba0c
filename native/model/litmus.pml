// That memory.pml is as weak as it says, and no weaker: the message and the flag, and two threads that look at each other.
//
// What must hold:
//   passed   who sees the flag sees the message that was stored before it
//   noticed  of two threads that each store and then look at the other's location, one sees the other's store, given fences
//   steady   of two loads of one location, the later never yields the older value
// Seeded faults:
//   fault FAULT_FLAG_STORE_RELAXED breaks passed: the flag is stored without release: stores leave in any order
//   fault FAULT_FLAG_LOAD_RELAXED breaks passed: it is loaded without acquire: loads are done early
//   fault FAULT_MESSAGE_FALLS breaks steady: the message's values fall, and a reader that meets both sees that
//   fault FAULT_NO_FENCE breaks noticed: the stores wait in their buffers while the loads are done

#define CORES 2
#define LOCATIONS 4
#define LOCKS 1
#include "memory.pml"

#define MESSAGE 0
#define FLAG 1
#ifdef FAULT_MESSAGE_FALLS
#define FIRST 2
#else
#define FIRST 1
#endif
#define MINE(me) (2 + (me))

hidden byte passed, noticed, steady;
byte looked;
bit saw[CORES];

inline Fence() {
#ifndef FAULT_NO_FENCE
  FENCE_RELEASE();
  FenceAcquire();
#endif
  skip
}

inline LookAtEachOther() {
  StoreRelaxed(MINE(me), 1);
  Fence();
  LoadRelaxed(MINE(1 - me), other);
  saw[me] = other;
  looked++
}

proctype Writer(byte me) {
  byte other;
  StoreRelaxed(MESSAGE, FIRST);
#ifdef FAULT_FLAG_STORE_RELAXED
  StoreRelaxed(FLAG, 1);
#else
  StoreRelease(FLAG, 1);
#endif
  StoreRelaxed(MESSAGE, 3 - FIRST);
  LookAtEachOther()
}

proctype Reader(byte me) {
  byte flag, first, second, other;
#ifdef FAULT_FLAG_LOAD_RELAXED
  LoadRelaxed(FLAG, flag);
#else
  LoadAcquire(FLAG, flag);
#endif
  LoadRelaxed(MESSAGE, first);
  LoadRelaxed(MESSAGE, second);
  passed = (!flag || first >= 1);
  assert(passed);
  steady = (second >= first);
  assert(steady);
  LookAtEachOther()
}

init {
  atomic {
    run StoreBuffer(0);
    run StoreBuffer(1);
    run Writer(0);
    run Reader(1)
  }
  looked == 2;
  noticed = (saw[0] || saw[1]);
  assert(noticed)
}
