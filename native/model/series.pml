// One slot of a metric's series table, as reclamation.pml and expiry.pml share it: where it lies, who guards it, how it is read.
//
// Two label sets, X and Y, want the one slot. A recording under X adds 1, one under Y adds 16, so that a value tells what it is
// made of. The metric's maxSeries is 1: who finds the slot taken records in the overflow series.

#define ENVIRONMENTS 2
#define LOCATIONS 4
#define LOCKS 2
#include "memory.pml"

#define REGISTRATION 0
#define MERGE 1

// Locations: the slot's state, the label set that its text names, and its only cell in the shard of each environment.
#define STATE 0
#define TEXT 1
#define CELL(e) (2 + (e))

// States of the slot.
#define FREE 0
#define LIVE 1
#define HIDDEN 2
#define REMOVED 3
#define RECLAIMING 4

// Label sets, and what a handle leads to.
#define NOTHING 0
#define X 1
#define Y 2
#define OVERFLOWED 3
#define UNIT(labels) ((labels) == X -> 1 : 16)
#define OF_X(value) ((value) & 15)
#define OF_Y(value) ((value) >> 4)

// Under the registration mutex.
byte indexed = X;  // the label set that leads to the slot
byte holds;        // the environments that hold the series, as bits
byte told;         // the environments that have a message to handle, as bits
byte in_use = 1;   // series that count against maxSeries

// Under the merge lock.
byte retired;
byte listed = BIT(0) | BIT(1);

// What an observer of everything would know.
byte recorded;         // in units, under both label sets
byte slots_taken = 1;  // those that are not free, one that had to be added among them
byte overflow;
byte dropped;
byte ended;  // processes

// What must hold, by name: pan prints what an assertion says.
hidden byte own_value, whole, within_limit, conserved;

inline Must(name, condition) {
  d_step { name = (condition); assert(name); name = 0 }
}

// Records 1 through `handle`, as JavaScript does: the environment's own cell, without a lock. Changes `value`.
inline Record() {
  atomic {
    if
    :: handle == X || handle == Y ->
      LoadRelaxed(CELL(me), value);
      StoreRelaxed(CELL(me), value + UNIT(handle));
      recorded = recorded + UNIT(handle);
      value = 0
    :: handle == OVERFLOWED -> recorded = recorded + UNIT(Y); overflow = overflow + UNIT(Y)
    :: handle == NOTHING -> recorded = recorded + UNIT(X); dropped = dropped + UNIT(X)
    fi
  }
}

// Under either hold of the merge lock: what the listed shards hold and ended ones left. Changes `e` and `value`.
inline Sum(sum) {
  sum = retired;
  for (e : 0 .. ENVIRONMENTS - 1) {
    if
    :: listed & BIT(e) -> LoadRelaxed(CELL(e), value); sum = sum + value
    :: else
    fi
  }
  atomic { value = 0; e = 0 }
}
