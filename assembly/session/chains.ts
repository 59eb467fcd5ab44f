// Which sessions a key has: the latest, which has the key's slot in the index, and from that on the
// others in no order.
//
// While they change, the entry of the latest one tells its end as those of the others do: its slot
// is unsettled before, and settled afterwards.
import { bucketOf, fillOther, isOfKey, matches, nextBucket, slotIn, stateIn } from "./buckets";
import {
  countLinked,
  place,
  placeOther,
  putEnd,
  removeSlot,
  setEnd,
  slotOfHead,
  startRange,
  unsettle,
} from "./index_of_keys";
import {
  E_MORE,
  E_SLOT,
  E_TAG,
  endOf,
  moreOf,
  OVER,
  tagIn,
  X_BUCKETS,
  X_LINKED,
  X_MASK,
} from "./sessions";

/** Finds the latest of a key's sessions by what their entries tell, and puts it first. */
export function settle(sessions: u32, slot: u32): void {
  const head = stateIn(slot);
  let latest = head;
  for (let state = moreOf(head); state != 0; state = moreOf(state)) {
    if (endOf(state) > endOf(latest)) latest = state;
  }
  if (latest != head) {
    unlinkAfter(head, latest);
    store<u32>(latest - E_MORE, head);
    swapInto(sessions, load<u32>(latest - E_SLOT), head);
    store<u32>(slot, latest);
  }
  setEnd(sessions, slot, endOf(latest));
}

// Gives the slot of a session that is to get that of its key to another, whose entry tells its end.
function swapInto(sessions: u32, slot: u32, state: u32): void {
  fillOther(slot, state);
  putEnd(sessions, slot, endOf(state));
}

// Gives a session that is not the latest of its key a slot.
function linkOther(sessions: u32, state: u32): void {
  putEnd(sessions, placeOther(sessions, state), endOf(state));
  countLinked(sessions);
}

/** Adds an open session to those of its key, which has a slot that is unsettled, or 0. */
export function linkSession(sessions: u32, slot: u32, state: u32): void {
  if (slot != 0) {
    const head = stateIn(slot);
    store<u32>(state - E_MORE, moreOf(head));
    store<u32>(head - E_MORE, state);
    linkOther(sessions, state);
    return;
  }
  store<u32>(state - E_MORE, 0);
  if (load<u32>(sessions, X_LINKED) == 0) startRange(sessions, endOf(state));
  countLinked(sessions);
  setEnd(sessions, place(sessions, tagIn(state), state), endOf(state));
}

/** Adds an open session that starts after all others of its key. */
export function linkLatest(sessions: u32, slot: u32, state: u32): void {
  const before = stateIn(slot);
  unsettle(sessions, slot);
  store<u32>(state - E_MORE, before);
  store<u32>(slot, state);
  linkOther(sessions, before);
  setEnd(sessions, slot, endOf(state));
}

// Takes a session out of those that follow `head`; whether it was among them.
function unlinkAfter(head: u32, state: u32): bool {
  for (let before = head; before != 0; before = moreOf(before)) {
    if (moreOf(before) != state) continue;
    store<u32>(before - E_MORE, moreOf(state));
    return true;
  }
  return false;
}

// Takes out a session that is not the first of its key.
function unlinkOther(sessions: u32, tag: u32, state: u32): void {
  const buckets = load<u32>(sessions, X_BUCKETS);
  const mask = load<u32>(sessions, X_MASK);
  let bucket = bucketOf(buckets, mask, tag);
  while (true) {
    for (let found = matches(bucket, tag); found != 0; found &= found - 1) {
      if (unlinkAfter(stateIn(slotIn(bucket, found)), state)) return;
    }
    bucket = nextBucket(buckets, mask, bucket);
  }
}

// Takes the first session out of those of its key, by the key's slot: the next one gets that, whose
// own slot is the first one's then.
function unlinkFirst(sessions: u32, slot: u32, state: u32): u32 {
  const next = moreOf(state);
  if (next == 0) {
    fillOther(slot, state);
    return slot;
  }
  const own = load<u32>(next - E_SLOT);
  swapInto(sessions, own, state);
  store<u32>(slot, next);
  putEnd(sessions, slot, endOf(next));
  return own;
}

// Takes an unsettled session out of the open ones of its key; the slot that it has then.
function unlink(sessions: u32, state: u32): u32 {
  const tag = tagIn(state);
  const slot = slotOfHead(sessions, tag, state);
  store<u32>(state - E_TAG, OVER);
  if (slot != 0) return unlinkFirst(sessions, slot, state);
  unlinkOther(sessions, tag, state);
  return load<u32>(state - E_SLOT);
}

/** Takes a session whose key's slot is unsettled out of the open ones of its key, until it is closed. */
export function endSession(sessions: u32, state: u32): void {
  unlink(sessions, state);
}

/** Takes a session whose key's slot is unsettled out of the index. */
export function unlinkSession(sessions: u32, state: u32): void {
  removeSlot(sessions, unlink(sessions, state));
}

/** Takes a session that has ended out of the index, by its slot. */
export function removeEnded(sessions: u32, slot: u32, state: u32): void {
  if (!isOfKey(slot)) {
    if (tagIn(state) != OVER) unlinkOther(sessions, tagIn(state), state);
    removeSlot(sessions, slot);
    return;
  }
  if (moreOf(state) == 0) {
    removeSlot(sessions, slot);
    return;
  }
  unsettle(sessions, slot);
  removeSlot(sessions, unlinkFirst(sessions, slot, state));
  settle(sessions, slot);
}
