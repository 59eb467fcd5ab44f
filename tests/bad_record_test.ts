import { assertEquals, assertThrows } from "@std/assert";
import { type BadRecord, BadRecordError, BadRecords } from "../src/codecs/bad_record.ts";

const error = new BadRecordError("Cannot read x: line 3: no", 3);
const never = () => {
  throw new Error("was asked for");
};

Deno.test("BadRecords counts under skip, and asks neither for the error nor for the bytes", () => {
  const bad = new BadRecords({ badRecords: "skip" });
  bad.report(never, never);
  bad.report(error, never);
  assertEquals(bad.count, 2);
});

Deno.test("BadRecords throws the first error under fail, and counts it", () => {
  const bad = new BadRecords({});
  assertThrows(() => bad.report(() => error, never), BadRecordError, "line 3: no");
  assertEquals(bad.count, 1);
});

Deno.test("BadRecords hands records with their errors to the callback under deadLetter", () => {
  const got: BadRecord[] = [];
  const bad = new BadRecords({ badRecords: "deadLetter", deadLetter: (each) => got.push(each) });
  const bytes = Uint8Array.of(1, 2);
  bad.report(() => error, () => bytes);
  bad.report(error, () => bytes);
  assertEquals(got, [{ bytes, error, line: 3 }, { bytes, error, line: 3 }]);
});
