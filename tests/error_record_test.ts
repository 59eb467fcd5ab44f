import { assert, assertEquals } from "@std/assert";
import { isErrorRecord, ResultsFullError, StreamingError } from "@waggle/stream";
import { errorRecord } from "../src/stream/hive_stream/error_record.ts";

Deno.test("errorRecord() makes what isErrorRecord() knows, with the record as it was submitted", () => {
  const error = { name: "RangeError", message: "too far", index: 3 };
  const made = errorRecord(error, { key: "k", record: { n: 1 } });
  assertEquals(made, {
    success: false,
    error: { name: "RangeError", message: "too far" },
    key: "k",
    record: { n: 1 },
  });
  assert(isErrorRecord(made));
});

Deno.test("isErrorRecord() is not deceived by copies, nor by what is no object", () => {
  const made = errorRecord({ name: "Error", message: "" }, { key: "k", record: 1 });
  for (const value of [{ ...made }, structuredClone(made), null, undefined, "error", 1, []]) {
    assertEquals(isErrorRecord(value), false);
  }
});

Deno.test("StreamingError is told apart by its name, its cause and whether to try again", () => {
  const cause = new Error("below");
  const error = new StreamingError("Cannot go on", { cause });
  assertEquals([error.name, error.retriable, error.cause], ["StreamingError", false, cause]);
  const full = new ResultsFullError("Cannot submit", { retriable: true });
  assertEquals([full.name, full.retriable], ["ResultsFullError", true]);
  assert(full instanceof StreamingError && full instanceof Error);
});
