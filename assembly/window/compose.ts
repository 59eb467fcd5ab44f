// Windows that overlap, or of several kinds that share their slices, put together from slices, each
// partial result being merged a few times however many windows it belongs to: two stacks
// (Tangwongsan, Hirzel, Schneider, "Low-latency sliding-window aggregation in worst-case constant
// time", DEBS 2017, section 3) for each key.
//
// The front stack has, for each slice of a key, the merge of it and all later ones of the front: a
// node. A window that has lost its first slices starts at a later node. What came since the front
// was stacked is merged into one state, the back. Nothing is ever taken out of a sum, so that a NaN
// that leaves the window leaves the result.
//
// The directory is a table of one slice whose states are the backs, with the first node behind
// each. A node: u32 state in the directory, u32 next node of the key, i64 start of its slice,
// state. Nodes are freed with their slice, or when no window of their kind needs it any more; the
// slices themselves stay as they are, for snapshots and for the other kinds. Each kind has a
// directory.
import { firstState, hashOf, nextState } from "./groups";
import { isUsual, mergeAs } from "./merge";
import { orderOf } from "./order";
import {
  copyState,
  groupsIn,
  giveNodes,
  NODES_BYTES,
  NODES_HEAD,
  nodesOf,
  S_BUCKETS,
  S_ORDERED,
  S_TAKEN,
  sliceNodes,
  sliceReserve,
} from "./slice";
import { appendLike, findBytes, findFixed, findNull, isNullKey } from "./slice_keys";
import { FIXED, sliceAt, sliceOf, startAt, T_COUNT, T_MODE, T_STATE } from "./table";

const N_ENTRY: u32 = 0;
const N_NEXT: u32 = 4;
const N_START: u32 = 8;
const NODE_HEAD: u32 = 16;

// The state of the same key in a slice of another table; 0 without memory.
function sameIn(table: u32, slice: u32, state: u32, other: u32, into: u32): u32 {
  if (load<u32>(table, T_MODE) != FIXED) {
    return findBytes(other, into, v128.load(state - 16), hashOf(table, slice, state));
  }
  return isNullKey(table, slice, state)
    ? findNull(other, into)
    : findFixed(other, into, load<u64>(state - 8));
}

// @ts-ignore: decorator
@inline
function bitOf(kind: u32): u32 {
  return (<u32>1) << kind;
}

function markTaken(slice: u32, kind: u32): void {
  store<u32>(slice, load<u32>(slice, S_TAKEN) | bitOf(kind), S_TAKEN);
}

/** The first slice from `from` on that no window of a kind has taken yet, or how many there are. */
export function nextWaiting(table: u32, from: u32, kind: u32): u32 {
  const count = load<u32>(table, T_COUNT);
  while (from < count && (load<u32>(sliceAt(table, from), S_TAKEN) & bitOf(kind)) != 0) from++;
  return from;
}

/** Merges a slice into the backs of its keys; false without memory. */
export function addSlice(
  table: u32,
  index: u32,
  kind: u32,
  directory: u32,
  layouts: u32,
  values: u32,
): bool {
  const slice = sliceAt(table, index);
  const usual = isUsual(layouts, values);
  const bytes = load<u32>(table, T_STATE);
  const into = sliceOf(directory, 0, 0);
  if (into == 0) return false;
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    if (load<u64>(state) == 0) continue;
    const entry = sameIn(table, slice, state, directory, into);
    if (entry == 0) return false;
    if (load<u64>(entry) == 0) copyState(entry, state, bytes);
    else mergeAs(usual, layouts, values, entry, state);
  }
  markTaken(slice, kind);
  return true;
}

/**
 * Merges a slice into a window of a table of results, which no other window shares rows with.
 *
 * @param end Of the window: the start of its slice in `results`.
 * @returns How many groups the window has now, or −1 without memory.
 */
export function collectSlice(
  table: u32,
  index: u32,
  results: u32,
  end: f64,
  layouts: u32,
  values: u32,
): i32 {
  const slice = sliceAt(table, index);
  const into = sliceOf(results, <i64>end, 0);
  if (into == 0) return -1;
  const usual = isUsual(layouts, values);
  const bytes = load<u32>(results, T_STATE);
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    if (load<u64>(state) == 0) continue;
    const entry = sameIn(table, slice, state, results, into);
    if (entry == 0) return -1;
    if (load<u64>(entry) == 0) copyState(entry, state, bytes);
    else mergeAs(usual, layouts, values, entry, state);
  }
  return groupsIn(into);
}

// Puts a node after those of its key that start no later, each of which takes in its state.
function insertNode(
  node: u32,
  entry: u32,
  bytes: u32,
  usual: bool,
  layouts: u32,
  values: u32,
): void {
  const start = load<i64>(node, N_START);
  const state = node + NODE_HEAD;
  let link = entry + bytes;
  let next = load<u32>(link);
  while (next != 0 && load<i64>(next, N_START) <= start) {
    mergeAs(usual, layouts, values, next + NODE_HEAD, state);
    link = next + N_NEXT;
    next = load<u32>(link);
  }
  store<u32>(link, node);
  store<u32>(node, next, N_NEXT);
  if (next != 0) mergeAs(usual, layouts, values, state, next + NODE_HEAD);
}

/**
 * Puts a slice into the front stacks of its keys: before all others where it is the earliest.
 *
 * @returns Whether there was memory for it.
 */
export function stackSlice(
  table: u32,
  index: u32,
  kind: u32,
  directory: u32,
  layouts: u32,
  values: u32,
): bool {
  const slice = sliceAt(table, index);
  const usual = isUsual(layouts, values);
  const bytes = load<u32>(table, T_STATE);
  const into = sliceOf(directory, 0, 0);
  const room = (NODE_HEAD + bytes) * max<u32>(1, groupsIn(slice));
  const block = into == 0 ? 0 : sliceNodes(table, slice, room, kind);
  if (block == 0) return false;
  let node = block + NODES_HEAD;
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    if (load<u64>(state) == 0) continue;
    const entry = sameIn(table, slice, state, directory, into);
    if (entry == 0) return false;
    store<u32>(node, entry, N_ENTRY);
    store<i64>(node, startAt(table, index), N_START);
    copyState(node + NODE_HEAD, state, bytes);
    insertNode(node, entry, bytes, usual, layouts, values);
    node += NODE_HEAD + bytes;
  }
  markTaken(slice, kind);
  return true;
}

// Makes the stacks of a slice's keys start after its nodes, and others of its time.
function popNodes(table: u32, block: u32): void {
  const bytes = load<u32>(table, T_STATE);
  const end = block + load<u32>(block, NODES_BYTES);
  for (let node = block + NODES_HEAD; node < end; node += NODE_HEAD + bytes) {
    const entry = load<u32>(node, N_ENTRY);
    if (entry == 0) continue;
    let first = load<u32>(entry + bytes);
    while (first != 0 && load<i64>(first, N_START) <= load<i64>(node, N_START)) {
      first = load<u32>(first, N_NEXT);
    }
    store<u32>(entry + bytes, first);
  }
}

/** Takes some slices, which no more window of a kind needs, out of its stacks. */
export function leaveSlices(table: u32, from: u32, to: u32, kind: u32): void {
  for (let index = from; index < to; index++) {
    const slice = sliceAt(table, index);
    const block = nodesOf(slice, kind);
    if (block == 0) continue;
    popNodes(table, block);
    giveNodes(table, slice, block);
  }
}

/**
 * Makes a window of a table of results from all that is in the stacks, in the order of the keys.
 *
 * @param end Of the window: the start of its slice in `results`, which must be a new one.
 * @returns How many groups it has, or −1 without memory.
 */
export function putWindow(
  directory: u32,
  results: u32,
  end: f64,
  layouts: u32,
  values: u32,
): i32 {
  const usual = isUsual(layouts, values);
  const bytes = load<u32>(results, T_STATE);
  const from = sliceOf(directory, 0, 0);
  const into = sliceOf(results, <i64>end, 0);
  if (from == 0 || into == 0) return -1;
  const groups = groupsIn(from);
  if (groups == 0) return 0;
  const order = orderOf(directory, from);
  if (order == 0 || !sliceReserve(results, into, groups)) return -1;
  const items = load<u32>(into, S_BUCKETS);
  let item = items;
  for (let at = order; at < order + (groups << 3); at += 8) {
    const back = load<u32>(at);
    const first = load<u32>(back + bytes);
    const rows = load<u64>(back);
    if (first == 0 && rows == 0) continue;
    const state = appendLike(directory, from, back, results, into);
    if (state == 0) return -1;
    copyState(state, first == 0 ? back : first + NODE_HEAD, bytes);
    if (first != 0 && rows != 0) mergeAs(usual, layouts, values, state, back);
    store<u64>(item, <u64>state);
    item += 8;
  }
  store<u32>(into, (item - items) >> 3, S_ORDERED);
  return groupsIn(into);
}
