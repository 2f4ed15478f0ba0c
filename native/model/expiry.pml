// Idle expiry of a series: environments that record, consent and resolve again, against the ticker that hides and reclaims.
//
// The code: the head of core/registry.h tells the protocol. Both environments hold X at the start: in one the user holds the
// handle, the other has it cached only. They record, handle what they are told, and the latter resolves X or Y and removes what is
// there, in any order; then each ends or stays. The ticker ticks a few times meanwhile and twice when all is quiet. Snapshots
// are left to reclamation.pml.
//
// What must hold:
//   unheld     no series is reclaimed that a handle leads to
//   own_value  what is reclaimed, and what is there in the end, was recorded under the one label set that the text names
//   visible    what was recorded through the handle that the user holds is shown in the end (through a handle that is only
//              cached, what is recorded after the hiding may expire unseen)
//   conserved  when all is quiet, live + hidden + expired + overflow + dropped = recorded
// Seeded faults:
//   fault FAULT_HOLDS_UNCHECKED breaks unheld: a hidden series is reclaimed without asking who holds it
//   fault FAULT_HOLDS_CHECKED_BEFORE breaks unheld: it is asked in a critical section of its own
//   fault FAULT_INDEX_KEPT breaks unheld: the labels lead to the series until its slot is free
//   fault FAULT_RESOLVE_HOLDS_NOTHING breaks unheld: who brings a hidden series back does not hold it
//   fault FAULT_CONSENT_FIRST breaks unheld: an environment consents before it drops its handle
//   fault FAULT_CONSENT_UNLOCKED breaks conserved: it handles the message without the mutex, its last store still on its way
//   fault FAULT_MOVE_UNLOCKED breaks conserved: the value is moved without the merge lock, beside a fold
//   fault FAULT_FOLD_SKIPS_RECLAIMING breaks conserved: an ending environment takes a series that is being reclaimed for removed
//   fault FAULT_OWN_CELLS_ONLY breaks own_value: of a removed series, only those who hold it clear their cells
//   fault FAULT_LAST_REREAD breaks visible: what later sums are compared with is read after hiding
//   fault FAULT_NEVER_SHOWN_AGAIN breaks visible: the ticker does not look at hidden series

#define CORES 3
#include "series.pml"

#define BEFORE 1  // what each environment had recorded under X at the start
#define UNKNOWN 255

byte expired;  // the metric's total of what expired, under the merge lock

// What an observer of everything would know.
byte leads = BIT(0) | BIT(1);  // the environments with a handle that leads to the slot, as bits
bit fresh;                     // something was recorded through the held handle that has not been shown yet
byte quiet;                    // environments that do nothing any more

#ifdef FAULT_OWN_CELLS_ONLY
byte held_by;  // the environments that held the series when it was removed, as bits
#endif

hidden byte unheld, visible;

// Of environments.

inline Consent() {
  atomic {
#ifdef FAULT_CONSENT_UNLOCKED
    holds = holds & ~BIT(me)
#else
    Lock(REGISTRATION);
    holds = holds & ~BIT(me);
    Unlock(REGISTRATION)
#endif
  }
}

inline DropHandle() {
  atomic { handle = NOTHING; leads = leads & ~BIT(me) }
}

// A user's handle is dropped only when its series was removed: until it is collected it vetoes the reclaim.
inline HandleMessage() {
#ifdef FAULT_CONSENT_UNLOCKED
  atomic { told = told & ~BIT(me); LoadRelaxed(STATE, e) };
#else
  atomic {
    Lock(REGISTRATION);
    told = told & ~BIT(me);
    LoadRelaxed(STATE, e);
    Unlock(REGISTRATION)
  };
#endif
  if
  :: handle != NOTHING && (e == REMOVED || !user) ->
#ifdef FAULT_CONSENT_FIRST
    Consent();
    DropHandle()
#else
    DropHandle();
    Consent()
#endif
  :: else
  fi;
  e = 0
}

inline Hold() {
  holds = holds | BIT(me);
  leads = leads | BIT(me)
}

inline Resolve(labels) {
  atomic {
    Lock(REGISTRATION);
    if
    :: indexed == labels ->
      LoadRelaxed(STATE, value);
      if
      :: value == HIDDEN -> StoreRelease(STATE, LIVE)
      :: else
      fi;
      handle = labels;
      Hold();
#ifdef FAULT_RESOLVE_HOLDS_NOTHING
      if
      :: value == HIDDEN -> holds = holds & ~BIT(me)
      :: else
      fi;
#endif
      value = 0
    :: indexed != labels && in_use == 0 ->
      in_use++;
      indexed = labels;
      StoreRelaxed(TEXT, labels);
      StoreRelease(STATE, LIVE);
      handle = labels;
      Hold()
    :: else -> handle = OVERFLOWED
    fi;
    Unlock(REGISTRATION)
  }
}

inline Remove() {
  atomic {
    Lock(REGISTRATION);
    if
    :: indexed ->
      indexed = NOTHING;
      told = told | holds;
#ifdef FAULT_OWN_CELLS_ONLY
      held_by = holds;
#endif
      StoreRelease(STATE, REMOVED)
    :: else
    fi;
    Unlock(REGISTRATION)
  }
}

inline End() {
  atomic {
    Lock(MERGE);
    LoadAcquire(STATE, e);
    LoadRelaxed(CELL(me), value);
    if
#ifdef FAULT_FOLD_SKIPS_RECLAIMING
    :: e == REMOVED || e == RECLAIMING -> dropped = dropped + (e == REMOVED -> value : 0)
#else
    :: e == REMOVED -> dropped = dropped + value
#endif
    :: else -> retired = retired + value
    fi;
    listed = listed & ~BIT(me);
    if
    :: user -> fresh = 0  // who held it is gone
    :: else
    fi;
    e = 0;
    value = 0;
    Unlock(MERGE)
  };
  DropHandle();
  Consent()
}

proctype Environment(byte me; bit user) {
  byte handle = X, value, e;
  bit records = 1, resolves = !user, removes = !user;
  do
  :: records ->
    atomic {
      records = 0;
      if
      :: user && handle == X -> fresh = 1
      :: else
      fi;
      Record()
    }
  :: told & BIT(me) -> HandleMessage()
  :: handle == NOTHING && resolves ->
    resolves = 0;
    records = 1;
    if
    :: Resolve(X)
    :: Resolve(Y)
    fi
  :: removes -> removes = 0; Remove()
  :: !(told & BIT(me)) -> break
  od;
  atomic { records = 0; resolves = 0; removes = 0 };
  if
  :: End()
  :: skip
  fi;
  quiet++;
  do  // stays, or is gone
  :: handle != NOTHING && (told & BIT(me)) -> HandleMessage()
  :: quiet == 3 -> break
  od
}

// Of the ticker.

#ifdef FAULT_HOLDS_UNCHECKED
#define UNHELD true
#elif defined(FAULT_HOLDS_CHECKED_BEFORE)
#define UNHELD unheld_before
#else
#define UNHELD (holds == 0)
#endif

// What a snapshot would add up now, with nothing on its way.
#define IN_CELL(e) ((listed & BIT(e)) -> memory[CELL(e)] : 0)
#define ALL_SHOWN (sum == retired + IN_CELL(0) + IN_CELL(1) && !(core[0].waiting & BIT(CELL(0))))

// Shows what changed, hides what did not, and takes a series that nobody holds any more; under the mutex.
inline Judge() {
  LoadRelaxed(STATE, state);
  if
  :: state == LIVE && sum == last -> told = told | holds; StoreRelease(STATE, HIDDEN)
#ifndef FAULT_NEVER_SHOWN_AGAIN
  :: state == HIDDEN && sum != last -> StoreRelease(STATE, LIVE); state = LIVE
#endif
  :: (state == REMOVED || (state == HIDDEN && sum == last)) && UNHELD ->
    taken = state;
#ifndef FAULT_INDEX_KEPT
    indexed = NOTHING;
#endif
    if
    :: state == HIDDEN -> StoreRelease(STATE, RECLAIMING)
    :: else
    fi
  :: else
  fi;
  if
  :: (state == LIVE && ALL_SHOWN) || state == REMOVED -> fresh = 0  // a removed one need not be shown
  :: else
  fi
}

inline Tick() {
  LockShared(MERGE);
  Sum(sum);
  UnlockShared(MERGE);
#ifdef FAULT_HOLDS_CHECKED_BEFORE
  unheld_before = (holds == 0);
#endif
  atomic { Lock(REGISTRATION); Judge(); Unlock(REGISTRATION) };
#ifdef FAULT_LAST_REREAD
  LockShared(MERGE);
  Sum(sum);
  UnlockShared(MERGE);
#endif
  atomic { last = sum; sum = 0; state = 0 };
  Reclaim()
}

#ifdef FAULT_OWN_CELLS_ONLY
#define CLEARS(e) (taken == HIDDEN || (held_by & BIT(e)))
#else
#define CLEARS(e) true
#endif

// Moves the value out of the cells and totals. Changes `e`, `value`, `sum`.
inline Move() {
  sum = retired;
  retired = 0;
  for (e : 0 .. ENVIRONMENTS - 1) {
    if
    :: (listed & BIT(e)) && CLEARS(e) ->
      LoadRelaxed(CELL(e), value);
      sum = sum + value;
      StoreRelaxed(CELL(e), 0)
    :: else
    fi
  }
  e = 0;
  value = 0;
  if
  :: taken == HIDDEN -> expired = expired + sum
  :: else -> dropped = dropped + sum
  fi
}

inline Reclaim() {
  if
  :: taken ->
#ifdef FAULT_MOVE_UNLOCKED
    Move();
#else
    atomic { Lock(MERGE); Move(); Unlock(MERGE) };
#endif
    Must(own_value, !(OF_X(sum) && OF_Y(sum)));
    Must(unheld, leads == 0);
    atomic {
      Lock(REGISTRATION);
      StoreRelease(STATE, FREE);
      indexed = NOTHING;
      in_use--;
      taken = 0;
      sum = 0;
      last = UNKNOWN;
      Unlock(REGISTRATION)
    }
  :: else
  fi
}

#define ALL_STORED (core[0].waiting == 0 && core[1].waiting == 0)

proctype Ticker(byte me) {
  byte state, sum, taken, value, e, last = ENVIRONMENTS * BEFORE, ticks = 2;
  bit unheld_before;
  do
  :: ticks -> ticks--; Tick()
  :: break
  od;
  ticks = 0;
  (quiet == 2 && ALL_STORED);
  Tick();
  Tick();
  Must(visible, !fresh);
  LockShared(MERGE);
  Sum(sum);
  Must(conserved, sum + expired + overflow + dropped == recorded);
  Must(own_value, !(memory[TEXT] == X && OF_Y(sum)) && !(memory[TEXT] == Y && OF_X(sum)));
  UnlockShared(MERGE);
  quiet++
}

init {
  atomic {
    byte i;
    for (i : 0 .. ENVIRONMENTS - 1) { memory[CELL(i)] = BEFORE; holds = holds | BIT(i) }
    recorded = ENVIRONMENTS * BEFORE;
    memory[STATE] = LIVE;
    memory[TEXT] = X;
    Synchronise();
    for (i : 0 .. CORES - 1) { run StoreBuffer(i) }
    i = 0;
    run Environment(0, 1);
    run Environment(1, 0);
    run Ticker(2)
  }
}
