import { assert, assertEquals, assertFalse, assertStrictEquals } from "@std/assert";
import { ChildAbort } from "../src/stream/child_abort.ts";

Deno.test("ChildAbort is aborted with the first of its parents, for that one's reason", () => {
  const parents = [new AbortController(), new AbortController()];
  using child = new ChildAbort(undefined, ...parents.map(({ signal }) => signal));
  assertFalse(child.signal.aborted);
  const reason = new Error("enough");
  parents[1].abort(reason);
  parents[0].abort(new Error("too late"));
  assertStrictEquals(child.signal.reason, reason);
});

Deno.test("ChildAbort is aborted from the start by a parent that is", () => {
  using child = new ChildAbort(new AbortController().signal, AbortSignal.abort("before"));
  assertEquals(child.signal.reason, "before");
});

Deno.test("ChildAbort aborts itself alone, and hears of no parent once it is disposed of", () => {
  const parent = new AbortController();
  const [left, disposed] = [new ChildAbort(parent.signal), new ChildAbort(parent.signal)];
  left.abort("left");
  disposed[Symbol.dispose]();
  assertFalse(parent.signal.aborted);
  parent.abort("all");
  assertEquals(left.signal.reason, "left");
  assertFalse(disposed.signal.aborted);
  left[Symbol.dispose]();
  assert(new ChildAbort(parent.signal).signal.aborted);
});
