import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { type CalendarUnit, CalendarWindow, type Weekday } from "../mod.ts";
import { CalendarTime } from "../src/windows/calendar_time.ts";
import { MAX_CALENDAR_MS } from "../src/windows/calendar_window.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const UNITS: readonly CalendarUnit[] = ["day", "week", "month", "year"];

/** Nights on which clocks or dates of a zone change, and the first and last days that are tried. */
const CHANGES: readonly (readonly [zone: string, from: string, to: string])[] = [
  ["America/New_York", "2024-03-08", "2024-03-12"],
  ["America/New_York", "2024-10-30", "2024-11-05"],
  ["Europe/Berlin", "2024-03-29", "2024-04-02"],
  ["Europe/Berlin", "2024-10-25", "2024-11-02"],
  ["Europe/London", "1999-12-30", "2000-01-02"],
  // by half an hour
  ["Australia/Lord_Howe", "2024-04-05", "2024-04-09"],
  ["Australia/Lord_Howe", "2024-10-04", "2024-10-08"],
  // by a day: there is no 30th of December
  ["Pacific/Apia", "2011-12-27", "2012-01-03"],
  ["Pacific/Kiritimati", "1994-12-28", "1995-01-04"],
  // at midnight, which there is none of
  ["America/Sao_Paulo", "2018-11-01", "2018-11-06"],
  // back over midnight, which there is twice
  ["America/Sao_Paulo", "2018-02-15", "2018-02-20"],
  ["America/St_Johns", "2006-10-27", "2006-11-01"],
  ["Asia/Kathmandu", "1985-12-30", "1986-01-03"],
  ["UTC", "2023-12-30", "2024-01-02"],
];

/** The date of a time as it is written in a zone. */
function dateWriter(timeZone: string): (time: number) => string {
  const format = new Intl.DateTimeFormat("en-CA", {
    timeZone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  return (time) => format.format(time);
}

/** What all dates of a unit have in common, in an order that texts have too. */
function labelOf(date: string, unit: CalendarUnit): string {
  if (unit === "year") return date.slice(0, 4);
  if (unit === "month") return date.slice(0, 7);
  if (unit === "day") return date;
  const days = Date.parse(date) / DAY_MS;
  const monday = days - (days + 3) % 7;
  return new Date(monday * DAY_MS).toISOString().slice(0, 10);
}

Deno.test("Windows are those that one finds by looking at the calendar every minute", () => {
  let found = 0;
  for (const [timeZone, from, to] of CHANGES) {
    const dateOf = dateWriter(timeZone);
    for (const unit of UNITS) {
      const window = new CalendarWindow({ unit, timeZone });
      let [label, start] = ["", NaN];
      for (let time = Date.parse(from); time < Date.parse(to); time += MINUTE_MS) {
        const next = labelOf(dateOf(time), unit);
        if (next > label) {
          // Where the first one starts was not seen.
          if (label !== "") assertEquals(window.endOf(time - 1), time, `${timeZone} ${next}`);
          start = label === "" ? NaN : time;
          label = next;
        }
        if (Number.isNaN(start)) continue;
        assertEquals(window.startOf(time), start, `${timeZone} ${unit} ${new Date(time)}`);
        found++;
      }
    }
  }
  assert(found > 100_000, `${found} minutes`);
});

/** Hours of the day that a local noon lies in. */
function hours(timeZone: string, noon: string): number {
  const window = new CalendarWindow({ unit: "day", timeZone });
  const time = Temporal.PlainDateTime.from(noon).toZonedDateTime(timeZone).epochMilliseconds;
  return (window.endOf(time) - window.startOf(time)) / HOUR_MS;
}

Deno.test("Days are as long as their zone's changes of the clock make them", () => {
  assertEquals(hours("America/New_York", "2024-03-10T12:00"), 23);
  assertEquals(hours("America/New_York", "2024-11-03T12:00"), 25);
  assertEquals(hours("Europe/Berlin", "2024-03-31T12:00"), 23);
  assertEquals(hours("Europe/Berlin", "2024-10-27T12:00"), 25);
  assertEquals(hours("Australia/Lord_Howe", "2024-04-07T12:00"), 24.5);
  assertEquals(hours("Australia/Lord_Howe", "2024-10-06T12:00"), 23.5);
  assertEquals(hours("America/New_York", "2024-07-04T12:00"), 24);
});

Deno.test("A date that a zone skips has no window, and its neighbours meet", () => {
  const days = new CalendarWindow({ unit: "day", timeZone: "Pacific/Apia" });
  const change = Date.UTC(2011, 11, 30, 10); // 2011-12-29 24:00 at -10:00, 2011-12-31 00:00 at +14:00
  assertEquals(days.endOf(change - 1), change);
  assertEquals(days.startOf(change), change);
  assertEquals(days.startOf(change - 1), change - DAY_MS);
  assertEquals(days.endOf(change), change + DAY_MS);
  assertEquals(days.numberOf(change), days.numberOf(change - 1) + 2);
});

Deno.test("A date that a zone had twice is one window of two days", () => {
  const days = new CalendarWindow({ unit: "day", timeZone: "Pacific/Apia" });
  const fourth = Date.UTC(1892, 6, 4, 12);
  const length = (days.endOf(fourth) - days.startOf(fourth)) / HOUR_MS;
  assert(length > 47.9 && length <= 48, `${length} hours`);
});

Deno.test("Weeks start on the day that is asked for", () => {
  const weekdays = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
  for (const time of [0, Date.UTC(2024, 1, 29), Date.UTC(1960, 5, 3), -1, Date.UTC(2100, 0, 1)]) {
    weekdays.forEach((weekStart, day) => {
      const given = { unit: "week", timeZone: "UTC", weekStart: weekStart as Weekday } as const;
      const weeks = new CalendarWindow(given);
      const start = weeks.startOf(time);
      assertEquals(new Date(start).getUTCDay(), day);
      assert(start <= time && time < start + 7 * DAY_MS);
      assertEquals(weeks.endOf(time), start + 7 * DAY_MS);
    });
  }
});

const zones = fc.constantFrom(...Intl.supportedValuesOf("timeZone"));
const times = fc.integer({ min: Date.UTC(1850, 0, 1), max: Date.UTC(2150, 0, 1) });
const units = fc.constantFrom(...UNITS);

Deno.test("Windows lie side by side, in every zone, whatever was asked for before", () => {
  fc.assert(
    fc.property(zones, units, fc.array(times, { minLength: 1, maxLength: 8 }), (...given) => {
      const [timeZone, unit, times] = given;
      const used = new CalendarWindow({ unit, timeZone });
      for (const time of times) {
        const [start, end] = [used.startOf(time), used.endOf(time)];
        assert(start <= time && time < end);
        assertEquals(used.endOf(start - 1), start);
        assertEquals(used.startOf(end), end);
        const fresh = new CalendarWindow({ unit, timeZone });
        assertEquals([fresh.startOf(time), fresh.endOf(time)], [start, end]);
        assertEquals(fresh.numberOf(time), used.numberOf(time));
      }
    }),
    { numRuns: 500 },
  );
});

Deno.test("Even times keep the order of times, and windows apart, in every zone", () => {
  fc.assert(
    fc.property(zones, units, times, fc.integer({ min: 0, max: 400 * DAY_MS }), (...given) => {
      const [timeZone, unit, time, later] = given;
      const window = new CalendarWindow({ unit, timeZone });
      const calendar = new CalendarTime(window);
      const even = calendar.toEven(time);
      assertEquals(calendar.fromEven(even), time);
      assertEquals(Math.floor(even / calendar.size), window.numberOf(time));
      const start = calendar.toEven(window.startOf(time));
      assertEquals(even - start, time - window.startOf(time));
      assertEquals(start % calendar.size + 0, 0);
      const end = calendar.toEven(window.endOf(time));
      // A date that is skipped takes its place all the same.
      assert(end >= start + calendar.size && end % calendar.size === 0);
      assertEquals(calendar.fromEven(start + calendar.size), window.endOf(time));
      assertEquals(Math.sign(calendar.toEven(time + later) - even), Math.sign(later));
    }),
    { numRuns: 500 },
  );
});

Deno.test("Even times begin before all windows, and end with the last", () => {
  const calendar = new CalendarTime(new CalendarWindow({ unit: "day", timeZone: "UTC" }));
  assertEquals(calendar.toEven(-Infinity), -Infinity);
  assertEquals(calendar.toEven(-MAX_CALENDAR_MS - 1), -Infinity);
  assertEquals(calendar.toEven(Infinity), calendar.toEven(MAX_CALENDAR_MS));
  for (const even of [-Infinity, Infinity]) assertEquals(calendar.fromEven(even), even);
  for (const time of [-MAX_CALENDAR_MS, MAX_CALENDAR_MS]) {
    for (const unit of UNITS) {
      const each = new CalendarTime(new CalendarWindow({ unit, timeZone: "Asia/Tokyo" }));
      assertEquals(each.fromEven(each.toEven(time)), time);
      assert(Math.abs(each.toEven(time)) < 8.64e15);
    }
  }
});

Deno.test("Calendar windows refuse what is no unit, zone or weekday, and times far off", () => {
  const make = (options: object) => () => new CalendarWindow(options as never);
  const day = { unit: "day", timeZone: "UTC" };
  assertThrows(make({ ...day, unit: "hour" }), TypeError, '"year", received "hour"');
  assertThrows(make(undefined as never), TypeError, `such as { unit: "day", timeZone: "UTC" }`);
  assertThrows(make({ timeZone: "UTC" }), TypeError, "unit must be one of");
  assertThrows(make({ ...day, timeZone: "Mars/Olympus" }), RangeError, 'received "Mars/Olympus"');
  assertThrows(make({ unit: "day" }), TypeError, "received undefined");
  assertThrows(make({ ...day, weekStart: "monday" }), TypeError, "weekStart is for weeks");
  assertThrows(make({ ...day, unit: "week", weekStart: "toString" }), TypeError, '"toString"');
  const days = new CalendarWindow({ unit: "day", timeZone: "UTC" });
  for (const time of [NaN, Infinity, -MAX_CALENDAR_MS - 1]) {
    assertThrows(() => days.startOf(time), RangeError, "Cannot find calendar window");
  }
});
