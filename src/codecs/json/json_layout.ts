import { type JsonField, JsonKind } from "../../kernel/json_fields.ts";
import { type JsonLayout, LayoutOp, type LayoutStep } from "../../kernel/json_steps.ts";

const TEMPLATE_BYTES = 16;
const MAX_STEPS = 2_048;
/** Objects that are not wanted are taken apart up to here; deeper ones are passed over whole. */
const MAX_LEVELS = 16;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const COMMA = 0x2c;
const LETTER_N = 0x6e;

const decoder = new TextDecoder();

/** What a step is, but for its template. */
type Value = Omit<LayoutStep, "template">;

const NAMES = new WeakMap<readonly JsonField[], ReadonlyMap<string, JsonField>>();

/** The fields of an object by name, made once. */
function named(fields: readonly JsonField[]): ReadonlyMap<string, JsonField> {
  let names = NAMES.get(fields);
  if (names === undefined) {
    names = new Map(fields.map((field) => [decoder.decode(field.name), field]));
    NAMES.set(fields, names);
  }
  return names;
}

/** A line is of no layout: its keys are escaped, or come twice, or are too many. */
class NoLayout extends Error {}

function value(kind: number, level: number): Value {
  return { kind, column: -1, item: level, level, nullable: true };
}

/** Takes a line apart, which is valid JSON. */
class LineReader {
  readonly #line: Uint8Array;
  readonly #steps: LayoutStep[] = [];
  readonly #missing: number[] = [];
  #at = 0;
  /** Where the bytes start that stand before the next value. */
  #from = 0;

  constructor(line: Uint8Array) {
    this.#line = line;
  }

  read(fields: readonly JsonField[]): JsonLayout {
    this.#skipBlank();
    this.#object(fields, 1);
    this.#at = this.#line.length;
    this.#put(value(LayoutOp.end, 0));
    return { steps: this.#steps, missing: this.#missing };
  }

  #object(fields: readonly JsonField[], level: number): void {
    const names = named(fields);
    const seen = new Set<string>();
    this.#at++;
    this.#skipBlank();
    while (this.#line[this.#at] !== CLOSE_OBJECT) {
      const key = this.#key();
      if (seen.has(key)) throw new NoLayout();
      seen.add(key);
      const field = names.get(key);
      if (field === undefined) this.#skipped(level);
      else this.#wanted(field, level);
      this.#skipBlank();
      if (this.#line[this.#at] === COMMA) this.#at++;
      this.#skipBlank();
    }
    this.#at++;
    for (const [name, field] of names) if (!seen.has(name)) this.#miss(field);
  }

  /** The key at this place; then at its value. */
  #key(): string {
    const start = this.#at + 1;
    this.#skipString();
    const bytes = this.#line.subarray(start, this.#at - 1);
    if (bytes.includes(BACKSLASH)) throw new NoLayout();
    this.#skipBlank();
    if (this.#line[this.#at] === COLON) this.#at++;
    this.#skipBlank();
    return decoder.decode(bytes);
  }

  #miss({ column, below }: JsonField): void {
    for (let at = 0; at < below; at++) this.#missing.push(column + at);
  }

  #wanted(field: JsonField, level: number): void {
    const { kind, column, item, nullable, fields } = field;
    const first = this.#line[this.#at];
    if (kind === JsonKind.struct) {
      if (first === OPEN_OBJECT) return this.#object(fields!, level + 1);
      // It is null; that is part of what is compared.
      this.#miss(field);
      return this.#skipValue();
    }
    const isText = kind === JsonKind.text || kind === JsonKind.dict;
    this.#put({ kind, column, item, level, nullable }, isText);
    this.#skipValue();
    this.#from = this.#at;
  }

  #skipped(level: number): void {
    const first = this.#line[this.#at];
    if (first === OPEN_OBJECT && level < MAX_LEVELS) return this.#object([], level + 1);
    if (first === QUOTE) this.#put(value(LayoutOp.skipText, level), true);
    else if (first === OPEN_OBJECT || first === OPEN_LIST || first === LETTER_N) {
      this.#put(value(LayoutOp.skip, level));
    } else this.#put(value(LayoutOp.skipScalar, level));
    this.#skipValue();
    this.#from = this.#at;
  }

  /** Adds a step whose template are the bytes before this place, with the quote that follows. */
  #put(step: Value, quoted = false): void {
    const before = this.#line.subarray(this.#from, this.#at);
    const bytes = quoted ? new Uint8Array([...before, QUOTE]) : before;
    let done = 0;
    for (; done + TEMPLATE_BYTES < bytes.length; done += TEMPLATE_BYTES) {
      const template = bytes.slice(done, done + TEMPLATE_BYTES);
      this.#steps.push({ ...value(LayoutOp.only, 0), template });
    }
    this.#steps.push({ ...step, template: bytes.slice(done) });
    if (this.#steps.length > MAX_STEPS) throw new NoLayout();
  }

  #skipBlank(): void {
    while (this.#line[this.#at] <= 0x20) this.#at++;
  }

  #skipString(): void {
    let at = this.#at + 1;
    while (this.#line[at] !== QUOTE) at += this.#line[at] === BACKSLASH ? 2 : 1;
    this.#at = at + 1;
  }

  #skipValue(): void {
    let open = 0;
    do {
      const byte = this.#line[this.#at];
      if (byte === QUOTE) this.#skipString();
      else {
        if (byte === OPEN_OBJECT || byte === OPEN_LIST) open++;
        else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) open--;
        this.#at++;
        const isScalar = byte > 0x20 && byte !== COMMA && byte !== COLON;
        if (isScalar && byte !== OPEN_OBJECT && byte !== OPEN_LIST) this.#skipScalar();
      }
    } while (open > 0);
  }

  #skipScalar(): void {
    const line = this.#line;
    while (
      line[this.#at] > 0x20 && line[this.#at] !== COMMA && line[this.#at] !== CLOSE_OBJECT &&
      line[this.#at] !== CLOSE_LIST
    ) this.#at++;
  }
}

/**
 * The layout of a line, which is a good record of these fields with its line end; `undefined` when
 * others would hardly be the same.
 */
export function learnLayout(
  line: Uint8Array,
  fields: readonly JsonField[],
): JsonLayout | undefined {
  try {
    return new LineReader(line).read(fields);
  } catch (error) {
    if (error instanceof NoLayout) return undefined;
    throw error;
  }
}
