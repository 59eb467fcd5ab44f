/*
 * The ring buffer: one writer, one reader, and, with ABANDON, a supervisor that gives the ring up
 * at any moment.
 *
 * A unit is 8 bytes. A frame spans 1 to CAPACITY/2 units; all of its units carry its number, the
 * first one also its span. Cursors count units modulo MODULUS, so that they wrap several times.
 * Memory is sequentially consistent: cursors, flags, bells and the state are Atomics in the code,
 * and the data are ordered by them.
 *
 * Checked: every frame arrives once, in order and whole (assertions at the reader); nothing unread
 * is overwritten (assertion at the writer); nobody sleeps for ever (no invalid end state: a sleeper
 * is woken by its bell alone, but for the first TIMEOUTS sleeps of each side).
 *
 * Mutants, each of which must be caught:
 *   MUTANT_PUBLISH_EARLY      the head moves before the data are written
 *   MUTANT_NOTIFY_EARLY       the writer looks for a sleeper before it moves the head
 *   MUTANT_OFF_BY_ONE         the writer takes one unit more than there is
 *   MUTANT_SLEEP_BLINDLY      the reader does not look again after announcing its sleep
 *   MUTANT_LISTEN_LATE        the reader reads its bell after it has looked
 *   MUTANT_KEEP_BACK          a full ring does not publish what is committed
 *   MUTANT_CLOSE_QUIETLY      closing does not wake the reader
 */
#ifndef CAPACITY
#define CAPACITY 4
#endif
#ifndef FRAMES
#define FRAMES 5
#endif
#ifndef START
#define START 0
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#define MODULUS (4 * CAPACITY)
/* Enough that a bell never comes round to what a sleeper saw, as 2^32 rings are. */
#define BELL_MODULUS 8
#define SKIP 0

/* The difference of two cursors as a signed number, as `(a - b) | 0` is. */
#define DIFF(a, b) ((((a) - (b) + MODULUS + MODULUS / 2) % MODULUS) - MODULUS / 2)
#define PLUS(a, n) (((a) + (n) + MODULUS) % MODULUS)
#define OFFSET(a) ((a) % CAPACITY)

#define OPEN 0
#define CLOSED 1
#define ABANDONED 2

byte state = OPEN;
byte head = START;
byte tail = START;

byte readerSleeps, readerBell, readerAsleep;
byte writerSleeps, writerBell, writerAsleep;
byte wantedTail;

byte frameOf[CAPACITY];
byte spanOf[CAPACITY];

/* Seen by the checks alone: units that hold a frame which was not released. */
bool unread[CAPACITY];

inline ring(bell, asleep) {
  d_step { bell = (bell + 1) % BELL_MODULUS };
  asleep = 0
}

inline wake(sleeps, bell, asleep) {
  sleeps = 0;
  ring(bell, asleep)
}

/* The system call compares and falls asleep in one step, and returns at once if they differ. */
inline sleep(bell, seen, asleep, timeouts) {
  atomic {
    if
    :: bell == seen -> asleep = 1
    :: else
    fi
  };
  if
  :: asleep == 0
  :: timeouts > 0 -> atomic { timeouts--; asleep = 0 }
  fi
}

inline publish() {
  if
  :: published != position ->
#ifdef MUTANT_NOTIFY_EARLY
    peerSleeps = readerSleeps;
    head = position;
#else
    head = position;
    peerSleeps = readerSleeps;
#endif
    published = position;
    if
    :: peerSleeps -> peerSleeps = false; wake(readerSleeps, readerBell, readerAsleep)
    :: else
    fi
  :: else
  fi
}

#ifdef MUTANT_OFF_BY_ONE
#define ROOM (CAPACITY + 1)
#else
#define ROOM CAPACITY
#endif

/* Sets `room`: by the cached tail, else by the true one; publishes when there is none. */
inline reserve() {
  d_step {
    gap = (OFFSET(position) + span > CAPACITY -> CAPACITY - OFFSET(position) : 0);
    room = (DIFF(position, tailSeen) <= ROOM - gap - span)
  };
  if
  :: room
  :: else ->
    d_step {
      tailSeen = tail;
      assert(DIFF(position, tailSeen) >= 0);
      room = (DIFF(position, tailSeen) <= ROOM - gap - span)
    };
    if
    :: room
    :: else ->
#ifndef MUTANT_KEEP_BACK
      publish()
#else
      true
#endif
    fi
  fi
}

inline waitForRoom() {
  wantedTail = PLUS(position, gap + span - CAPACITY);
  do
  :: seen = writerBell;
    writerSleeps = 1;
    if
    :: state != OPEN -> break
    :: else
    fi;
    reserve();
    if
    :: room -> break
    :: else
    fi;
    sleep(writerBell, seen, writerAsleep, timeouts)
  od;
  seen = 0;
  writerSleeps = 0
}

/* One step: nobody may look at these units before they are published, and the checks see to it. */
inline fill() {
  d_step {
    if
    :: gap > 0 -> spanOf[OFFSET(position)] = SKIP
    :: else
    fi;
    unit = OFFSET(PLUS(position, gap));
    spanOf[unit] = span;
    left = span;
    do
    :: left > 0 ->
      assert(!unread[unit]);
      unread[unit] = true;
      frameOf[unit] = frame;
      left--;
      unit++
    :: else -> break
    od;
    unit = 0
  }
}

inline writeFrame() {
#ifdef MUTANT_PUBLISH_EARLY
  was = position;
  position = PLUS(position, gap + span);
  publish();
  position = was;
  fill();
#else
  fill();
#endif
  d_step {
    position = PLUS(position, gap + span);
    gap = 0;
    span = 0;
    room = false
  }
}

proctype Writer() {
  byte position = START, published = START, tailSeen = START;
  byte frame = 1, span, unit, left, seen, was, timeouts = TIMEOUTS;
  byte gap;
  bool room, peerSleeps;

  do
  :: frame > FRAMES || state == ABANDONED -> break
  :: else ->
    if
    :: span = 1
    :: span = CAPACITY / 2
    fi;
    reserve();
    if
    :: room
    :: else -> waitForRoom()
    fi;
    if
    :: room -> writeFrame(); frame++
    :: else -> break
    fi;
    /* A batch goes on, or ends here. */
    if
    :: publish()
    :: true
    fi
  od;

  publish();
  atomic {
    if
    :: state == OPEN -> state = CLOSED
    :: else
    fi
  };
#ifndef MUTANT_CLOSE_QUIETLY
  wake(readerSleeps, readerBell, readerAsleep)
#endif
}

inline release() {
  if
  :: released != position ->
    /* Units skipped or read are free from here on. */
    d_step {
      unit = released;
      do
      :: unit != position -> unread[OFFSET(unit)] = false; unit = PLUS(unit, 1)
      :: else -> break
      od;
      unit = 0
    };
    tail = position;
    released = position;
    peerSleeps = writerSleeps;
    if
    :: peerSleeps ->
      peerSleeps = false;
      if
      :: DIFF(released, wantedTail) >= 0 -> wake(writerSleeps, writerBell, writerAsleep)
      :: else
      fi
    :: else
    fi
  :: else
  fi
}

inline waitForFrame() {
  do
  ::
#ifdef MUTANT_LISTEN_LATE
    readerSleeps = 1;
    peerState = state;
    headSeen = head;
    seen = readerBell;
#else
    seen = readerBell;
    readerSleeps = 1;
    peerState = state;
    headSeen = head;
#endif
#ifndef MUTANT_SLEEP_BLINDLY
    if
    :: peerState != OPEN || headSeen != position -> break
    :: else
    fi;
#endif
    sleep(readerBell, seen, readerAsleep, timeouts);
#ifdef MUTANT_SLEEP_BLINDLY
    break
#endif
  od;
  seen = 0;
  readerSleeps = 0
}

inline readFrame() {
  d_step {
    if
    :: spanOf[OFFSET(position)] == SKIP && OFFSET(position) > 0 ->
      position = PLUS(position, CAPACITY - OFFSET(position))
    :: else
    fi;
    left = spanOf[OFFSET(position)];
    assert(left > 0 && left <= CAPACITY / 2);
    assert(DIFF(headSeen, position) >= left);
    do
    :: left > 0 ->
      assert(frameOf[OFFSET(position)] == expected);
      position = PLUS(position, 1);
      left--
    :: else -> break
    od;
    expected++
  }
}

proctype Reader() {
  byte position = START, released = START, headSeen = START;
  byte expected = 1, left, unit, seen, peerState, timeouts = TIMEOUTS;
  bool peerSleeps;

  do
  :: state == ABANDONED -> break
  :: else ->
    if
    :: headSeen == position -> headSeen = head
    :: else
    fi;
    if
    :: headSeen != position ->
      readFrame();
      if
      :: release()
      :: true
      fi
    :: else ->
      release();
      waitForFrame();
      /* The state was read before the head: closed and nothing there means all was read. */
      if
      :: peerState == CLOSED && headSeen == position -> break
      :: else
      fi
    fi
  od;
  assert(state == ABANDONED || expected == FRAMES + 1)
}

#ifdef ABANDON
proctype Supervisor() {
  state = ABANDONED;
  wake(readerSleeps, readerBell, readerAsleep);
  wake(writerSleeps, writerBell, writerAsleep)
}
#endif

init {
  atomic {
    run Writer();
    run Reader();
#ifdef ABANDON
    run Supervisor()
#endif
  }
}
