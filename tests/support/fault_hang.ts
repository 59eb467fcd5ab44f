/** A bee's thread that hangs in a loop in the middle of its work. */
import { faultAfter } from "./fault_after.ts";

faultAfter(60, () => {
  while (true);
});
