// The memory that the models run on: stores that wait in buffers, loads that are done early, and locks.
//
// It is weaker than x86-64 and as AArch64 in what matters here: all cores agree on one memory, but stores reach it late and
// in any order, and loads are done in any order.
//   A store waits in its core's buffer until StoreBuffer(c) takes it to memory; stores to different locations leave in any
//   order. A release store leaves after everything that its core stored before. A core sees its own waiting stores.
//   A load yields the memory as it is now, or as it was at its core's last acquire: that is a load done early, as far up as
//   the hardware may. What was loaded once is never older the next time. An acquire load that yields the memory as it is
//   now, a lock and an acquire fence forbid what follows to be done before them. One of a location that was loaded since
//   the last acquire cannot be done before that load: it yields the memory as it is now.
// Not there: values that came and went between the last acquire and now, two waiting stores of one core to one location
// (the second waits for the first), and loads done after later stores of their core.
//
// A model defines CORES, LOCATIONS (at most 8) and LOCKS before it includes this, and runs StoreBuffer(c) for each
// core beside its processes. Each process has a constant byte `me`, its core. Locations start with 0; `memory[X] = v;
// Synchronise()` in init starts them otherwise. litmus.pml checks that all this is so.

#define BIT(x) (1 << (x))

byte memory[LOCATIONS];

typedef Core {
  byte waiting;           // locations with a store in the buffer, as bits
  byte value[LOCATIONS];  // that store's value
  byte after[LOCATIONS];  // as bits, the locations whose stores must leave before it
  byte seen[LOCATIONS];   // the memory as of the last acquire, or as loaded since
  byte since;             // as bits, the locations that were loaded since
}
Core core[CORES];

// Stores.

inline StoreRelaxed(location, stored) {
  d_step {
    !(core[me].waiting & BIT(location)) -> core[me].value[location] = stored;
    core[me].waiting = core[me].waiting | BIT(location)
  }
}

inline StoreRelease(location, stored) {
  d_step {
    !(core[me].waiting & BIT(location)) -> core[me].value[location] = stored;
    core[me].after[location] = core[me].waiting;
    core[me].waiting = core[me].waiting | BIT(location)
  }
}

// Blocks until all stores of this core are in memory: a release fence, and more than one.
#define FENCE_RELEASE() (core[me].waiting == 0)

#define CAN_LEAVE(c, x) ((core[c].waiting & BIT(x)) && !core[c].after[x])

// Takes one waiting store to memory.
inline Leave(c, x) {
  memory[x] = core[c].value[x];
  core[c].seen[x] = core[c].value[x];
  core[c].value[x] = 0;
  core[c].waiting = core[c].waiting & ~BIT(x);
  for (each : 0 .. LOCATIONS - 1) { core[c].after[each] = core[c].after[each] & ~BIT(x) }
  each = 0
}

hidden byte each;  // of no state: always 0 between steps

// One core's buffer: whichever store may leave may do so at any time.
#define LEAVES(x) :: d_step { x < LOCATIONS && CAN_LEAVE(c, (x) % LOCATIONS) -> Leave(c, (x) % LOCATIONS) }
proctype StoreBuffer(byte c) {
end:
  do
  LEAVES(0) LEAVES(1) LEAVES(2) LEAVES(3) LEAVES(4) LEAVES(5) LEAVES(6) LEAVES(7)
  od
}

// Loads, into the variable `loaded`.

inline LoadRelaxed(location, loaded) {
  atomic {
    if
    :: core[me].waiting & BIT(location) -> loaded = core[me].value[location]
    :: else ->
      if
      :: loaded = core[me].seen[location]
      :: memory[location] != core[me].seen[location] ->
        d_step {
          loaded = memory[location];
          core[me].seen[location] = loaded;
          core[me].since = core[me].since | BIT(location)
        }
      fi
    fi
  }
}

inline LoadAcquire(location, loaded) {
  atomic {
    if
    :: core[me].waiting & BIT(location) -> loaded = core[me].value[location]
    :: else ->
      if
      :: !(core[me].since & BIT(location)) -> loaded = core[me].seen[location]
      :: d_step { loaded = memory[location]; AcquireAll() }
      fi
    fi
  }
}

// What follows is not done before this.
inline FenceAcquire() { d_step { AcquireAll() } }

inline AcquireAll() {
  core[me].since = 0;
  for (each : 0 .. LOCATIONS - 1) { core[me].seen[each] = memory[each] }
  each = 0
}

// Read-modify-write operations, acquire and release. They wait for the core's stores to be in memory.

// `loaded` is what the location held before.
inline Exchange(location, stored, loaded) {
  d_step {
    FENCE_RELEASE() -> AcquireAll();
    loaded = memory[location];
    memory[location] = stored;
    core[me].seen[location] = stored
  }
}

// `swapped` says whether the location held `expected` and now holds `stored`.
inline CompareExchange(location, expected, stored, swapped) {
  d_step {
    FENCE_RELEASE() -> AcquireAll();
    swapped = (memory[location] == expected);
    if
    :: swapped -> memory[location] = stored; core[me].seen[location] = stored
    :: else
    fi
  }
}

// Locks, with any number of shared holders or one exclusive. Unlocking waits for the core's stores to be in memory.

typedef ReaderWriterLock {
  byte readers;
  bit writer
}
ReaderWriterLock lock[LOCKS];

inline Lock(l) {
  d_step { !lock[l].writer && lock[l].readers == 0 -> lock[l].writer = 1; AcquireAll() }
}
inline Unlock(l) {
  d_step { FENCE_RELEASE() -> lock[l].writer = 0 }
}
inline LockShared(l) {
  d_step { !lock[l].writer -> lock[l].readers++; AcquireAll() }
}
inline UnlockShared(l) {
  d_step { FENCE_RELEASE() -> lock[l].readers-- }
}

// In init, after giving locations their first values.
inline Synchronise() {
  d_step {
    byte c;
    for (c : 0 .. CORES - 1) {
      for (each : 0 .. LOCATIONS - 1) { core[c].seen[each] = memory[each] }
    }
    each = 0;
    c = 0
  }
}
