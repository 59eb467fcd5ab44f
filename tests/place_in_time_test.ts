import { assertEquals, assertThrows } from "@std/assert";
import { placeInTime } from "../src/cli/kafka/place_in_time.ts";
import { UsageError } from "../src/cli/usage_error.ts";

Deno.test("placeInTime() takes words, times as they are in files, and durations ago", () => {
  const noon = { timestamp: Date.UTC(2026, 0, 31, 12) };
  const cases: [text: string, place: ReturnType<typeof placeInTime>][] = [
    ["earliest", "earliest"],
    ["latest", "latest"],
    ["committed", "committed"],
    ["2026-01-31", { timestamp: Date.UTC(2026, 0, 31) }],
    ["2026-01-31T12:00Z", noon],
    ["2026-01-31 12:00", noon],
    ["2026-01-31T14:30+02:30", noon],
    ["2026-01-31 10:00-02", noon],
    ["-1h", { agoMs: 3_600_000 }],
    ["-90", { agoMs: 90_000 }],
  ];
  for (const [text, place] of cases) assertEquals(placeInTime(text, "--from"), place, text);
});

Deno.test("placeInTime() takes nothing that only looks like a place", () => {
  const wrong = [
    "soon",
    "",
    "1769860800000",
    "2026-02-30",
    "2026-01-31 noon",
    "2026-01-31T12:00+05:",
  ];
  for (const text of wrong) {
    assertThrows(() => placeInTime(text, "--from"), UsageError, "--from takes earliest", text);
  }
  assertThrows(() => placeInTime("-soon", "--from"), UsageError, "takes a duration such as");
});
