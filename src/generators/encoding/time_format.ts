const DAY_MS = 86_400_000;
/** Two digits of a year from here on are of the 20th century (POSIX, strptime). */
const FIRST_OF_1900 = 69;
const DIGITS = /(\d+)/;
const DATE_LIKE = /^\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}(?:[T ]\d{1,2}:\d\d(?::\d\d(?:\.\d{3})?)?Z?)?$/;
/** The letters of a format, and what they stand for. */
const FIELDS = /YYYY|YY|MM|M|DD|D|HH|H|mm|ss|SSS/g;
const FORMAT =
  /^(?:YYYY|YY|MM?|DD?)([-/.])(?:MM?|DD?)\1(?:YYYY|YY|DD?)(?:[T ]HH?:mm(?::ss(?:\.SSS)?)?Z?)?$/;
const ONE_OF_EACH = [/Y+/g, /M+/g, /D+/g];

/**
 * Days since 1970 as year · 512 + month · 32 + day (Howard Hinnant, "chrono-Compatible Low-Level Date
 * Algorithms"); of the years from 0 on, in integers that a processor divides fast.
 */
function civilOf(days: number): number {
  const shifted = (days + 719_468) | 0;
  const era = (shifted / 146_097) | 0;
  const dayOfEra = shifted - era * 146_097;
  const leaps = ((dayOfEra / 1460) | 0) - ((dayOfEra / 36_524) | 0) + ((dayOfEra / 146_096) | 0);
  const yearOfEra = ((dayOfEra - leaps) / 365) | 0;
  const dayOfYear = dayOfEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const shiftedMonth = ((5 * dayOfYear + 2) / 153) | 0;
  const day = dayOfYear - (((153 * shiftedMonth + 2) / 5) | 0) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0)) * 512 + month * 32 + day;
}

/** How a field is written. */
interface FormatStep {
  /** Its place in `CODES`. */
  readonly field: number;
  /** Digits at least. */
  readonly places: number;
  /** What stands behind it. */
  readonly behind: Uint8Array;
}

/** The bytes of the longest text. */
export const MOST_BYTES = 32;
const CODES: readonly string[] = ["YYYY", "YY", "M", "D", "H", "m", "s", "S"];
const [YEAR, SHORT_YEAR, MONTH, DAY, HOUR, MINUTE, SECOND] = CODES.keys();
const ZERO = 0x30;
const POWERS = [1, 10, 100, 1000, 10_000, 100_000];
const ascii = new TextDecoder();

/** Writes a whole number from 0 with so many digits at least. */
function writeNumber(value: number, places: number, to: Uint8Array, at: number): number {
  let digits = places;
  while (digits < POWERS.length && value >= POWERS[digits]) digits++;
  let rest = value | 0;
  for (let place = at + digits - 1; place >= at; place--) {
    const next = (rest / 10) | 0;
    to[place] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

/** Whether a text is a format of times. */
export function isTimeFormat(format: string): boolean {
  return FORMAT.test(format) && ONE_OF_EACH.every((each) => format.match(each)?.length === 1);
}

/**
 * Times as texts of one format: `YYYY-MM-DD`, `M/D/YY H:mm` and the like, of the fields YYYY, YY, MM,
 * M, DD, D, HH, H, mm, ss and SSS, where a single letter is a number without a leading zero. Times are
 * milliseconds since 1970 UTC.
 */
export class TimeFormat {
  /** The format. */
  readonly format: string;
  readonly #fields: readonly string[];
  readonly #steps: readonly FormatStep[];
  readonly #pattern: RegExp;
  readonly #scratch = new Uint8Array(MOST_BYTES);
  /** The day that was written last, and its date. */
  #day = NaN;
  #civil = 0;

  /**
   * Of a format.
   *
   * @throws {TypeError} when it is none.
   */
  constructor(format: string) {
    if (!isTimeFormat(format)) throw new TypeError(`${format} is no format of times`);
    this.format = format;
    this.#fields = format.match(FIELDS)!;
    const between = format.split(FIELDS).slice(1);
    this.#steps = this.#fields.map((field, at) => ({
      field: CODES.indexOf(field[0] === "Y" ? field : field[0]),
      places: field.length,
      behind: new TextEncoder().encode(between[at]),
    }));
    const escaped = between.map((each) => each.replace(/[./]/g, "\\$&"));
    const digits = this.#fields.map((field) =>
      field.length === 1 ? "(\\d{1,2})" : `(\\d{${field.length}})`
    );
    this.#pattern = new RegExp(`^${digits.map((each, at) => each + escaped[at]).join("")}$`);
  }

  /** Milliseconds since 1970 of a text; `undefined` if it is none of this format. */
  parse(text: string): number | undefined {
    const match = this.#pattern.exec(text);
    if (!match) return undefined;
    const values = { Y: 1970, M: 1, D: 1, H: 0, m: 0, s: 0, S: 0 };
    this.#fields.forEach((field, at) => {
      const value = Number(match[at + 1]);
      const isShort = field === "YY";
      values[field[0] as keyof typeof values] = isShort
        ? value + (value < FIRST_OF_1900 ? 2000 : 1900)
        : value;
    });
    const { Y, M, D, H, m, s, S } = values;
    const date = new Date(0);
    date.setUTCFullYear(Y, M - 1, D);
    date.setUTCHours(H, m, s, S);
    const ms = date.getTime();
    // the 30th of February is the 1st of March: not what stood there
    return this.text(ms) === text ? ms : undefined;
  }

  /** The text of a time. */
  text(ms: number): string {
    const end = this.write(ms, this.#scratch, 0);
    return ascii.decode(this.#scratch.subarray(0, end));
  }

  /** Writes the text of a time, of at most `MOST_BYTES`, in ASCII; returns where it ends. */
  write(ms: number, to: Uint8Array, at: number): number {
    const day = Math.floor(ms / DAY_MS);
    if (day !== this.#day) {
      this.#day = day;
      this.#civil = civilOf(day);
    }
    const clock = (ms - day * DAY_MS) | 0;
    const steps = this.#steps;
    let end = at;
    for (let i = 0; i < steps.length; i++) {
      const { field, places, behind } = steps[i];
      end = writeNumber(valueOf(field, this.#civil, clock), places, to, end);
      for (let k = 0; k < behind.length; k++) to[end++] = behind[k];
    }
    return end;
  }
}

function valueOf(field: number, civil: number, clock: number): number {
  switch (field) {
    case YEAR:
      return civil >> 9;
    case SHORT_YEAR:
      return (civil >> 9) % 100;
    case MONTH:
      return (civil >> 5) & 15;
    case DAY:
      return civil & 31;
    case HOUR:
      return (clock / 3_600_000) | 0;
    case MINUTE:
      return ((clock / 60_000) | 0) % 60;
    case SECOND:
      return ((clock / 1000) | 0) % 60;
    default:
      return clock % 1000;
  }
}

/** The formats of the date that a text may have, the likelier ones first. */
function dateFormats(text: string): string[] {
  const [, first, , , , third] = text.split(DIGITS);
  const separator = text[first.length];
  const join = (...fields: string[]) => fields.join(separator);
  if (first.length === 4) return [join("YYYY", "MM", "DD"), join("YYYY", "M", "D")];
  const year = third.length === 4 ? "YYYY" : "YY";
  const monthFirst = [join("MM", "DD", year), join("M", "D", year)];
  const dayFirst = [join("DD", "MM", year), join("D", "M", year)];
  return separator === "/" ? [...monthFirst, ...dayFirst] : [...dayFirst, ...monthFirst];
}

/** The formats of the time of day behind it. */
function clockFormats(text: string): string[] {
  const [date, clock] = text.split(/[T ]/);
  if (clock === undefined) return [""];
  const parts = clock.replace("Z", "").split(":").length;
  const rest = ":mm" + (parts > 2 ? ":ss" : "") + (clock.includes(".") ? ".SSS" : "") +
    (clock.endsWith("Z") ? "Z" : "");
  const before = text[date.length];
  return [`${before}HH${rest}`, `${before}H${rest}`];
}

/**
 * The format by which all texts are times, and are the same texts again when they are written by it;
 * `undefined` if there is none. Where day and month could be either, `/` has the month first.
 */
export function timeFormatOf(texts: readonly string[]): TimeFormat | undefined {
  const [first] = texts;
  if (first === undefined || !DATE_LIKE.test(first)) return undefined;
  for (const date of dateFormats(first)) {
    for (const clock of clockFormats(first)) {
      if (!FORMAT.test(date + clock)) continue;
      const format = new TimeFormat(date + clock);
      if (texts.every((text) => format.parse(text) !== undefined)) return format;
    }
  }
  return undefined;
}
