// The order of the keys of a slice that is asked for it again and again, as a list apart from its
// index, which stays: items of 8 bytes as sort.ts has them, the address of a state in the low half.
import { firstState, nextState } from "./groups";
import { forgetOrder, groupsIn, S_ORDER, S_ORDER_BYTES, S_ORDERED, take } from "./slice";
import { sortKeys } from "./sort";

/** All groups of a slice in the order of their keys, with rows or not; 0 if none or no memory. */
export function orderOf(table: u32, slice: u32): u32 {
  const groups = groupsIn(slice);
  // groups are added but never taken away, short of emptying the slice
  if (load<u32>(slice, S_ORDERED) == groups) return load<u32>(slice, S_ORDER);
  forgetOrder(table, slice);
  const bytes = groups << 3;
  const order = take(table, bytes);
  if (order == 0) return 0;
  let item = order;
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    store<u64>(item, <u64>state);
    item += 8;
  }
  sortKeys(table, slice, order, groups);
  store<u32>(slice, order, S_ORDER);
  store<u32>(slice, groups, S_ORDERED);
  store<u32>(slice, bytes, S_ORDER_BYTES);
  return order;
}
