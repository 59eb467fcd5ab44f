import { LF } from "../record_scanner.ts";
import type { InputPlace } from "./ndjson_batches.ts";

const BLANK = 0x20;
const QUOTE = 0x22;
const COMMA = 0x2c;
const BACKSLASH = 0x5c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
/** What stands for a line end within a string, where none may be: it may not be there either. */
const CONTROL = 0x01;

/** Where the unwrapper is. */
type State = "start" | "before" | "value" | "string" | "escape" | "end" | "beyond";

/** What is wrong with the array itself. */
export interface ArrayFault extends InputPlace {
  readonly reason: string;
  readonly fix: string;
}

/** What gets the elements. */
export interface ElementConsumer {
  /** Takes bytes of lines: every element is one. */
  takeBytes(bytes: Uint8Array): void;
  /** Takes what is wrong between elements. */
  takeFault(fault: ArrayFault): void;
  /**
   * Takes what stands where the array should start.
   *
   * @throws what tells of it.
   */
  refuse(byte: number, line: number): never;
}

/**
 * Makes lines of the elements of one JSON array, cut anywhere. Line ends between the parts of an
 * element become blanks; nothing else is changed, nor looked at: whether an element is valid is
 * seen when it is read.
 */
export class ArrayUnwrapper {
  readonly #consumer: ElementConsumer;
  /** Where the elements start that were not forgotten yet. */
  #starts: InputPlace[] = [];
  /** Bytes that came before those that are looked at. */
  #before = 0;
  #passed = 0;
  #state: State = "start";
  #hasElements = false;
  #depth = 0;
  #line = 1;
  #out = new Uint8Array();
  #filled = 0;

  /** An unwrapper at the start of an input. */
  constructor(consumer: ElementConsumer) {
    this.#consumer = consumer;
  }

  /** Where an element starts, counted from 0. */
  placeOf(element: number): InputPlace {
    return this.#starts[element - this.#passed];
  }

  /** Forgets the elements before this one. */
  forget(element: number): void {
    this.#starts = this.#starts.slice(element - this.#passed);
    this.#passed = element;
  }

  /** Takes bytes. */
  push(bytes: Uint8Array): void {
    this.#out = new Uint8Array(bytes.length);
    this.#filled = 0;
    for (let at = 0; at < bytes.length && this.#state !== "beyond"; at++) {
      const byte = bytes[at];
      if (this.#state === "value") this.#inValue(byte);
      else if (this.#state === "string" || this.#state === "escape") this.#inString(byte);
      else if (byte > BLANK) this.#between(byte, this.#before + at);
      if (byte === LF) this.#line++;
    }
    this.#flush();
    this.#before += bytes.length;
  }

  /** Tells of an array that is not closed. */
  finish(): void {
    if (this.#state === "end" || this.#state === "beyond") return;
    this.#fault(
      this.#state === "start" ? "there is no array" : "the array is not closed",
      "look whether the input was cut off",
      this.#before,
    );
  }

  #inValue(byte: number): void {
    const isTop = this.#depth === 0;
    if (isTop && (byte === COMMA || byte === CLOSE_LIST)) {
      this.#put(LF);
      this.#state = byte === COMMA ? "before" : "end";
      return;
    }
    if (byte === QUOTE) this.#state = "string";
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) this.#depth++;
    else if (!isTop && (byte === CLOSE_OBJECT || byte === CLOSE_LIST)) this.#depth--;
    this.#put(byte === LF ? BLANK : byte);
  }

  #inString(byte: number): void {
    if (this.#state === "escape") this.#state = "string";
    else if (byte === BACKSLASH) this.#state = "escape";
    else if (byte === QUOTE) this.#state = "value";
    this.#put(byte === LF ? CONTROL : byte);
  }

  #between(byte: number, byteOffset: number): void {
    if (this.#state === "start") {
      if (byte !== OPEN_LIST) this.#consumer.refuse(byte, this.#line);
      this.#state = "before";
    } else if (this.#state === "end") {
      this.#fault("something follows the end of the array", "take one array an input", byteOffset);
      this.#state = "beyond";
    } else if (byte === COMMA || byte === CLOSE_LIST) {
      if (byte === COMMA || this.#hasElements) {
        this.#fault("an element is missing", "take the comma out", byteOffset);
      }
      this.#hasElements = true;
      if (byte === CLOSE_LIST) this.#state = "end";
    } else {
      this.#hasElements = true;
      this.#starts.push({ line: this.#line, byteOffset });
      this.#state = "value";
      this.#inValue(byte);
    }
  }

  #put(byte: number): void {
    this.#out[this.#filled++] = byte;
  }

  #fault(reason: string, fix: string, byteOffset: number): void {
    this.#flush();
    this.#consumer.takeFault({ line: this.#line, byteOffset, reason, fix });
  }

  #flush(): void {
    const bytes = this.#out.subarray(0, this.#filled);
    this.#out = this.#out.subarray(this.#filled);
    this.#filled = 0;
    if (bytes.length > 0) this.#consumer.takeBytes(bytes);
  }
}
