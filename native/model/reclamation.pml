// Removal and reuse of a series' slot: environments that record and acknowledge, a thread that removes, a thread that scrapes.
//
// The code: the head of core/registry.h tells the protocol. Both environments hold X at the start. Each records, handles
// what it is told and (one of them) resolves Y, in any order, and ends; meanwhile what is there is removed and a snapshot
// taken. Reclaim clears the cells of all shards, as not each that has something in them holds the series: see expiry.pml.
//
// What must hold:
//   own_value     a snapshot shows no value that was recorded under another label set than the text it shows
//   whole         nor less under X than the series had before anything of this began: none shows Y's value as X's
//   within_limit  the slots that are not free number maxSeries at most
//   reclaimed     when all is quiet, no grave is left
//   conserved     then live + overflow + dropped = recorded
// Seeded faults:
//   fault FAULT_NO_ACKNOWLEDGEMENT breaks conserved: a removed series is reclaimed without waiting for those who hold it
//   fault FAULT_ACKNOWLEDGE_FIRST breaks conserved: an environment acknowledges before it redirects its handle
//   fault FAULT_NO_PIN breaks own_value: a snapshot pins no epoch
//   fault FAULT_PIN_LATE breaks own_value: it pins after it has copied
//   fault FAULT_UNPIN_FORGETS breaks reclaimed: unpinning does not look for graves
//   fault FAULT_END_FORGETS breaks reclaimed: nor does an end acknowledge
//   fault FAULT_CLEAR_UNLOCKED breaks conserved: cells and totals are cleared without the merge lock, beside a fold
//   fault FAULT_RETIRED_KEPT breaks own_value: what ended environments left is not cleared
//   fault FAULT_CELLS_KEPT breaks own_value: nor are cells
//   fault FAULT_LIVE_FIRST breaks whole: the slot is made live before its text is set
//   fault FAULT_LIVE_RELAXED breaks whole: it is made live after that, but without release
//   fault FAULT_STATE_RELAXED breaks whole: a snapshot reads the state without acquire
//   fault FAULT_COUNT_EARLY breaks within_limit: removal, not reclaim, takes the series off the count

#define CORES 4
#include "series.pml"

#define BEFORE 1  // what each environment, and those that ended long ago, had recorded under X at the start

byte epoch = 1;
byte pinned;         // the epoch that the snapshot pinned; 0: none. Like epoch, under the registration mutex
typedef Grave {
  byte epoch;        // of the removal; 0: there is no grave
  byte waiting       // the environments that have yet to acknowledge, as bits
}
Grave grave;         // likewise

hidden byte reclaimed;

#ifdef FAULT_NO_ACKNOWLEDGEMENT
#define ALL_ACKNOWLEDGED true
#else
#define ALL_ACKNOWLEDGED (grave.waiting == 0)
#endif

// Under the registration mutex: takes the grave if nothing keeps it, and says so.
inline TakeGrave() {
  d_step {
    if
    :: grave.epoch && ALL_ACKNOWLEDGED && !(pinned && pinned < grave.epoch) ->
      grave.epoch = 0;
      grave.waiting = 0;
      taken = 1
    :: else
    fi
  }
}

// Clears the cells of all shards, as nobody holds the series any more. Changes `e` and `value`.
inline ClearCells() {
  for (e : 0 .. ENVIRONMENTS - 1) {
    if
    :: listed & BIT(e) ->
      LoadRelaxed(CELL(e), value);
#ifndef FAULT_CELLS_KEPT
      dropped = dropped + value;
      StoreRelaxed(CELL(e), 0)
#endif
    :: else
    fi
  }
  value = 0;
  e = 0;
#ifndef FAULT_RETIRED_KEPT
  dropped = dropped + retired;
  retired = 0
#endif
}

inline ReclaimTaken() {
  if
  :: taken ->
#ifdef FAULT_CLEAR_UNLOCKED
    ClearCells();
#else
    atomic { Lock(MERGE); ClearCells(); Unlock(MERGE) };
#endif
    atomic {
      Lock(REGISTRATION);
      StoreRelease(STATE, FREE);
      slots_taken--;
#ifndef FAULT_COUNT_EARLY
      in_use--;
#endif
      taken = 0;
      Unlock(REGISTRATION)
    }
  :: else
  fi
}

// The environment has no handle to the series any more.
inline Acknowledge() {
  atomic {
    Lock(REGISTRATION);
    told = told & ~BIT(me);
    holds = holds & ~BIT(me);
    grave.waiting = grave.waiting & ~BIT(me);
    TakeGrave();
    Unlock(REGISTRATION)
  };
  ReclaimTaken()
}

inline PublishY() {
#ifdef FAULT_LIVE_FIRST
  StoreRelease(STATE, LIVE);
  StoreRelaxed(TEXT, Y)
#else
  StoreRelaxed(TEXT, Y);
#ifdef FAULT_LIVE_RELAXED
  StoreRelaxed(STATE, LIVE)
#else
  StoreRelease(STATE, LIVE)
#endif
#endif
}

inline ResolveY() {
  atomic {
    Lock(REGISTRATION);
    if
    :: indexed == Y -> handle = Y; holds = holds | BIT(me)
    :: indexed != Y && in_use == 0 ->
      slots_taken++;
      Must(within_limit, slots_taken <= 1);
      in_use++;
      indexed = Y;
      handle = Y;
      holds = holds | BIT(me);
      PublishY()
    :: else -> handle = OVERFLOWED
    fi;
    Unlock(REGISTRATION)
  }
}

// An ending environment's share goes to the retired totals, unless the series was removed.
inline Fold() {
  atomic {
    Lock(MERGE);
    LoadAcquire(STATE, e);
    LoadRelaxed(CELL(me), value);
    if
    :: e == REMOVED -> dropped = dropped + value
    :: else -> retired = retired + value
    fi;
    listed = listed & ~BIT(me);
    e = 0;
    value = 0;
    Unlock(MERGE)
  }
}

proctype Environment(byte me; bit resolves) {
  byte handle = X, value, e;
  bit taken, records = 1;
  do
  :: records -> records = 0; Record()
  :: told & BIT(me) ->
#ifdef FAULT_ACKNOWLEDGE_FIRST
    Acknowledge();
    if
    :: records -> records = 0; Record()
    :: skip
    fi;
    handle = NOTHING
#else
    handle = NOTHING;
    Acknowledge()
#endif
  :: resolves && handle == NOTHING -> resolves = 0; records = 1; ResolveY()
  :: break
  od;
  atomic { handle = NOTHING; records = 0; resolves = 0 };
  Fold();
#ifndef FAULT_END_FORGETS
  Acknowledge();
#endif
  ended++
}

inline Remove() {
  atomic {
    Lock(REGISTRATION);
    if
    :: indexed ->
      indexed = NOTHING;
      StoreRelease(STATE, REMOVED);
      epoch++;
      grave.epoch = epoch;
      grave.waiting = holds;
      told = told | holds;
#ifdef FAULT_COUNT_EARLY
      in_use--;
#endif
      TakeGrave()
    :: else
    fi;
    Unlock(REGISTRATION)
  };
  ReclaimTaken()
}

proctype Remover(byte me) {
  byte value, e;
  bit taken;
  Remove();
  ended++
}

inline Pin() {
  atomic { Lock(REGISTRATION); pinned = epoch; Unlock(REGISTRATION) }
}

inline Unpin() {
  atomic {
    Lock(REGISTRATION);
    pinned = 0;
#ifndef FAULT_UNPIN_FORGETS
    TakeGrave();
#endif
    Unlock(REGISTRATION)
  };
  ReclaimTaken()
}

proctype Scraper(byte me) {
  byte state, shown, text, value, e;
  bit taken;
#if !defined(FAULT_NO_PIN) && !defined(FAULT_PIN_LATE)
  Pin();
#endif
  LockShared(MERGE);
#ifdef FAULT_STATE_RELAXED
  LoadRelaxed(STATE, state);
#else
  LoadAcquire(STATE, state);
#endif
  if
  :: state == LIVE -> Sum(shown)
  :: else
  fi;
  UnlockShared(MERGE);
#ifdef FAULT_PIN_LATE
  Pin();
#endif
  atomic {
    if
    :: state == LIVE ->
      LoadRelaxed(TEXT, text);
      Must(own_value, !(text == X && OF_Y(shown)) && !(text == Y && OF_X(shown)));
      Must(whole, text != X || OF_X(shown) >= (ENVIRONMENTS + 1) * BEFORE)
    :: else
    fi;
    state = 0;
    shown = 0;
    text = 0
  };
  Unpin();
  ended++
}

init {
  atomic {
    byte i;
    for (i : 0 .. ENVIRONMENTS - 1) { memory[CELL(i)] = BEFORE; holds = holds | BIT(i) }
    i = 0;
    retired = BEFORE;
    recorded = (ENVIRONMENTS + 1) * BEFORE;
    memory[STATE] = LIVE;
    memory[TEXT] = X;
    Synchronise();
    for (i : 0 .. CORES - 1) { run StoreBuffer(i) }
    i = 0;
    run Environment(0, 1);
    run Environment(1, 0);
    run Remover(2);
    run Scraper(3)
  }
  ended == 4;
  Must(reclaimed, grave.epoch == 0);
  Must(conserved, retired + overflow + dropped == recorded)
}
