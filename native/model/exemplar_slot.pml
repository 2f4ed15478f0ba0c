// The exemplar slot: a sequence lock with several writers, of whom one that finds it taken goes away.
//
// The code: ExemplarSlot (core/exemplar_slot.h), whose head names the steps W1 to W3 and R1 to R3. Two writers store two
// exemplars each, of two equal words, or drop them; a reader loads the slot three times.
//
// What must hold:
//   never_torn      no load that succeeds shows words of two exemplars
//   whole_at_rest   when the writers have ended, the sequence is even, the words are of one exemplar that was stored, and each
//                   exemplar that was stored has moved the sequence on by two
// Seeded faults:
//   fault FAULT_WORDS_STORED_RELAXED breaks never_torn: a word can be seen before the odd sequence (W2)
//   fault FAULT_WORDS_LOADED_RELAXED breaks never_torn: the sequence is looked at again before the words are loaded (R2)
//   fault FAULT_SEQUENCE_STORED_RELAXED breaks whole_at_rest: the next writer is let in before the words are there (W3)
//   fault FAULT_SEQUENCE_LOADED_RELAXED breaks never_torn: words are loaded before the sequence (R1)
//   fault FAULT_NOT_LOOKED_AT_AGAIN breaks never_torn: the reader leaves R3 out
//   fault FAULT_ODD_TAKEN breaks never_torn: the reader goes on though the sequence is odd
//   fault FAULT_CLAIM_IN_TWO_STEPS breaks whole_at_rest: W1 is a load and a store, so two writers may be in the slot
//
// Not shown: that W1 has to acquire. On one memory that all cores agree on, a writer's words always come after those of the
// writer whose sequence it saw; the language asks for it.

#define CORES 3
#define LOCATIONS 3
#define LOCKS 1
#include "memory.pml"

#define SEQUENCE 0
#define WORD(i) (1 + (i))

#define WRITES 2
#define LOADS 3

// What an observer of everything would know.
byte stored;  // exemplars
byte ended;   // writers

// W1: an exchange that acquires and does not release. It is decided on the memory, of which no other core may hold a newer
// sequence back, but what it stores waits in the buffer: the stores after it may leave before.
inline Claim(expected, claimed) {
#ifdef FAULT_CLAIM_IN_TWO_STEPS
  LoadAcquire(SEQUENCE, current);
  claimed = (current == expected);
  if
  :: claimed -> StoreRelaxed(SEQUENCE, expected + 1)
  :: else
  fi;
  current = 0
#else
  d_step {
    !(core[me].waiting & BIT(SEQUENCE)) -> AcquireAll();
    claimed = (memory[SEQUENCE] == expected && !(core[1 - me].waiting & BIT(SEQUENCE)));
    if
    :: claimed ->
      core[me].value[SEQUENCE] = expected + 1;
      core[me].waiting = core[me].waiting | BIT(SEQUENCE)
    :: else
    fi
  }
#endif
}

inline StoreWord(i, word) {
#ifdef FAULT_WORDS_STORED_RELAXED
  StoreRelaxed(WORD(i), word)
#else
  StoreRelease(WORD(i), word)
#endif
}

proctype Writer(byte me) {
  byte sequence, exemplar, i;
  bit claimed;
#ifdef FAULT_CLAIM_IN_TWO_STEPS
  byte current;
#endif

  for (i : 1 .. WRITES) {
    exemplar = me * WRITES + i;
    LoadRelaxed(SEQUENCE, sequence);
    claimed = 0;
    if
    :: sequence % 2 == 0 -> Claim(sequence, claimed)
    :: else
    fi;
    if
    :: claimed ->
      StoreWord(0, exemplar);
      StoreWord(1, exemplar);
      atomic {
#ifdef FAULT_SEQUENCE_STORED_RELAXED
        StoreRelaxed(SEQUENCE, sequence + 2);
#else
        StoreRelease(SEQUENCE, sequence + 2);
#endif
        stored++
      }
    :: else
    fi
  }
  atomic {
    sequence = 0;
    exemplar = 0;
    claimed = 0;
    i = 0;
    ended++
  }
}

inline LoadWord(i, word) {
#ifdef FAULT_WORDS_LOADED_RELAXED
  LoadRelaxed(WORD(i), word)
#else
  LoadAcquire(WORD(i), word)
#endif
}

proctype Reader(byte me) {
  byte before, first, second, after, i;

  for (i : 1 .. LOADS) {
#ifdef FAULT_SEQUENCE_LOADED_RELAXED
    LoadRelaxed(SEQUENCE, before);
#else
    LoadAcquire(SEQUENCE, before);
#endif
    if
#ifdef FAULT_ODD_TAKEN
    :: true ->
#else
    :: before % 2 == 0 ->
#endif
      LoadWord(0, first);
      LoadWord(1, second);
#ifdef FAULT_NOT_LOOKED_AT_AGAIN
      after = before;
#else
      LoadRelaxed(SEQUENCE, after);
#endif
      d_step {
        bool never_torn = (after != before || first == second);
        assert(never_torn);
        first = 0;
        second = 0;
        after = 0
      }
    :: else
    fi;
    before = 0
  }
}

proctype Observer() {
  bool whole_at_rest;
  atomic {
    ended == 2 && core[0].waiting == 0 && core[1].waiting == 0;
    whole_at_rest = (stored > 0 && memory[SEQUENCE] == 2 * stored && memory[WORD(0)] != 0 &&
                     memory[WORD(0)] == memory[WORD(1)]);
    assert(whole_at_rest)
  }
}

init {
  atomic {
    Synchronise();
    run StoreBuffer(0);
    run StoreBuffer(1);
    run Writer(0);
    run Writer(1);
    run Reader(2);
    run Observer()
  }
}
