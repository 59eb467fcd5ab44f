// Doubles of 16 to 19 digits, which is how most that were computed are written.

import { eightOf, pointedOf } from "./digits";
import { wholePower } from "./powers";
import { nearestOfPlaces, NO_HALVES } from "./round";

/**
 * The bits of the double whose first 16 characters are digits, but for a minus and the point at
 * `point`, and that has `more` further digits, at most 5, the first of them in the lowest byte of
 * `tail`; without its sign. 0 where that has to be read in another way. After `preparePowers`.
 */
// @ts-ignore: decorator
@inline
export function longDouble(digits: v128, point: u32, tail: u64, more: u32): u64 {
  const all = pointedOf(digits, 16, point) * wholePower(more) + eightOf(tail, more);
  const places: u32 = more + 15 - point;
  return places < NO_HALVES || all == 0 ? 0 : nearestOfPlaces(all, places);
}
