// The snapshot protocol: environments that record and end against a thread that copies their cells.
//
// The code: Registry::OpenShard, EndShard and TakeSnapshot (core/registry.cc), Shard::EnsureChunk and chunk() (core/shard.*),
// the protocol of cells (core/cell.h). Two environments list their shard, make their chunk from memory that held something
// else before, record in it with plain stores and end; a scraper takes two snapshots and one more when all have ended.
//
// What must hold:
//   never_too_much   no snapshot shows more than had been recorded by its end (none counts a shard twice, none reads memory
//                    that is not a chunk)
//   never_less       no snapshot shows less than one before it (none leaves a shard out)
//   all_there        the last one shows all that was recorded
// Seeded faults:
//   fault FAULT_FOLD_SHARED breaks never_too_much: an ending shard folds under the shared lock
//   fault FAULT_UNLIST_LATER breaks never_too_much: it is unlisted in a critical section of its own, after the fold's
//   fault FAULT_UNLIST_FIRST breaks never_less: it is unlisted in a critical section of its own, before the fold's
//   fault FAULT_NO_FOLD breaks all_there: one environment ends without a fold
//   fault FAULT_CHUNK_STORE_RELAXED breaks never_too_much: the chunk's pointer is published without release
//   fault FAULT_CHUNK_LOAD_RELAXED breaks never_too_much: ... and read without acquire
//   fault FAULT_FREE_EARLY breaks never_too_much: the chunk's memory is freed before its shard is unlisted

#define CORES 3
#define LOCATIONS 4
#define LOCKS 1
#include "memory.pml"

#define MERGE 0  // the registry's merge lock

// Locations: of environment e, its only cell and the pointer to the chunk that the cell lies in.
#define CELL(e) (e)
#define CHUNK(e) (2 + (e))

#define GARBAGE 50  // what memory holds before it is a chunk, and after
#define RECORDS 2

// Under the merge lock.
bit listed[2];
byte retired;

// What an observer of everything would know.
byte recorded;
byte ended;
byte shown_before;

proctype Environment(byte me) {
  byte value, i;

  Lock(MERGE);
  listed[me] = 1;
  Unlock(MERGE);

  StoreRelaxed(CELL(me), 0);
#ifdef FAULT_CHUNK_STORE_RELAXED
  StoreRelaxed(CHUNK(me), 1);
#else
  StoreRelease(CHUNK(me), 1);
#endif

  for (i : 1 .. RECORDS) {
    atomic {
      StoreRelaxed(CELL(me), i);
      recorded++
    }
  }

#ifdef FAULT_FREE_EARLY
  StoreRelaxed(CELL(me), GARBAGE);
  value = RECORDS;
#endif
#ifdef FAULT_UNLIST_FIRST
  Lock(MERGE);
  listed[me] = 0;
  Unlock(MERGE);
#endif
#ifdef FAULT_FOLD_SHARED
  LockShared(MERGE);
#else
  Lock(MERGE);
#endif
#ifndef FAULT_FREE_EARLY
  LoadRelaxed(CELL(me), value);
#endif
#ifdef FAULT_NO_FOLD
  if
  :: me == 0
  :: else -> retired = retired + value
  fi;
#else
  retired = retired + value;
#endif
#ifdef FAULT_UNLIST_LATER
  Unlock(MERGE);
  Lock(MERGE);
#endif
  listed[me] = 0;
#ifdef FAULT_FOLD_SHARED
  UnlockShared(MERGE);
#else
  Unlock(MERGE);
#endif

  StoreRelaxed(CELL(me), GARBAGE);  // the chunk's memory is anybody's now
  ended++
}

// Copies all cells under the shared lock, then looks at what it has.
inline TakeSnapshot() {
  LockShared(MERGE);
  shown = retired;
  for (e : 0 .. 1) {
    if
    :: listed[e] ->
#ifdef FAULT_CHUNK_LOAD_RELAXED
      LoadRelaxed(CHUNK(e), chunk);
#else
      LoadAcquire(CHUNK(e), chunk);
#endif
      if
      :: chunk -> LoadRelaxed(CELL(e), value); shown = shown + value
      :: else
      fi
    :: else
    fi
  }
  UnlockShared(MERGE);
  d_step {
    bool never_too_much = (shown <= recorded);
    bool never_less = (shown >= shown_before);
    assert(never_too_much);
    assert(never_less);
    shown_before = shown;
    shown = 0;
    value = 0;
    chunk = 0;
    e = 0
  }
}

proctype Scraper(byte me) {
  byte shown, chunk, value, e;
  bool all_there;
  TakeSnapshot();
  TakeSnapshot();
  ended == 2;
  TakeSnapshot();
  all_there = (shown_before == 2 * RECORDS);
  assert(all_there)
}

init {
  atomic {
    memory[CELL(0)] = GARBAGE;
    memory[CELL(1)] = GARBAGE;
    Synchronise();
    run StoreBuffer(0);
    run StoreBuffer(1);
    run Environment(0);
    run Environment(1);
    run Scraper(2)
  }
}
