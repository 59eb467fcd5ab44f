/** A bee's thread that fails in the middle of its work. */
import { faultAfter } from "./fault_after.ts";

faultAfter(60, () => {
  throw new Error("the clock broke");
});
