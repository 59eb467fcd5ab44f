import { digest } from "../../runtime/digest.ts";
import { ModelFileError } from "../generator_errors.ts";

/** What a `.waggle` file begins with: a byte that is no text, the name, a line's end. */
const MAGIC = Uint8Array.of(0x89, ...new TextEncoder().encode("WAGGLE\n"));
const VERSION = 1;
const PREFIX_BYTES = 48;
const DIGEST_BYTES = 32;
const MOST_HEADER_BYTES = 1024 * 1024;
const MOST_SECTIONS = 100_000;
const ALIGNMENT = 8;

const CLASSES = { u8: Uint8Array, i32: Int32Array, f32: Float32Array, f64: Float64Array };

/** What the numbers of a section are. */
export type SectionType = keyof typeof CLASSES;
/** The numbers of a section. */
export type SectionValues<T extends SectionType> = InstanceType<typeof CLASSES[T]>;

interface SectionHeader {
  readonly type: SectionType;
  readonly length: number;
  readonly sha256: string;
}

function padded(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function hexDigest(bytes: Uint8Array): string {
  return digest("SHA-256", bytes).toHex();
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Collects the sections of a file. */
export class SectionWriter {
  readonly #sections: { type: SectionType; values: ArrayBufferView; length: number }[] = [];

  /** Adds numbers; returns the number of their section. */
  add(values: Uint8Array | Int32Array | Float32Array | Float64Array): number {
    const type = (Object.keys(CLASSES) as SectionType[])
      .find((name) => values instanceof CLASSES[name])!;
    return this.#sections.push({ type, values, length: values.length }) - 1;
  }

  /** The file, with a header of plain data. */
  file(header: Readonly<Record<string, unknown>>): Uint8Array {
    const sections = this.#sections.map(({ type, values, length }): SectionHeader => {
      return { type, length, sha256: hexDigest(bytesOf(values)) };
    });
    const text = new TextEncoder().encode(JSON.stringify({ ...header, sections }));
    if (text.length > MOST_HEADER_BYTES) {
      throw new RangeError(
        `Cannot save model: its header has ${text.length} bytes, at most ${MOST_HEADER_BYTES}; ` +
          `learn fewer columns`,
      );
    }
    const start = padded(PREFIX_BYTES + text.length);
    const size = this.#sections.reduce((sum, { values }) => sum + padded(values.byteLength), start);
    const out = new Uint8Array(size);
    const view = new DataView(out.buffer);
    out.set(MAGIC);
    view.setUint32(8, VERSION, true);
    view.setUint32(12, text.length, true);
    out.set(digest("SHA-256", text), 16);
    out.set(text, PREFIX_BYTES);
    let at = start;
    for (const { values } of this.#sections) {
      out.set(bytesOf(values), at);
      at += padded(values.byteLength);
    }
    return out;
  }
}

/** Fails for a file that is none, saying why. */
export function badModel(why: string): never {
  throw new ModelFileError(`Cannot load model: ${why}`);
}

const hexPairs = (bytes: Uint8Array) =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");

function foreignFile(bytes: Uint8Array): string {
  const isPickle = bytes[0] === 0x80 && bytes[1] >= 2 && bytes[1] <= 5;
  const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
  const begins = hexPairs(bytes.subarray(0, 8)) || "nothing";
  if (isPickle) {
    return "it is a Python pickle, which is a program and not data; fit a generator on the rows " +
      "that it was made from, and save that";
  }
  if (isZip) return "it is a zip archive, such as PyTorch writes; fit a generator and save that";
  return `it begins with ${begins}, and a model with ${hexPairs(MAGIC)}; ` +
    `pass a file that save() has written`;
}

/** The checked header of a file, and its sections. */
export class SectionReader {
  readonly #bytes: Uint8Array;
  readonly #sections: readonly (SectionHeader & { readonly at: number })[];
  /** What the header says. */
  readonly header: Readonly<Record<string, unknown>>;

  /**
   * Checks size, digests and the form of the header; what is in it is for others to check.
   *
   * @throws {ModelFileError} when the bytes are no model file of this version, or damaged.
   */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    if (MAGIC.some((byte, at) => bytes[at] !== byte)) badModel(foreignFile(bytes));
    if (bytes.length < PREFIX_BYTES) {
      badModel(`it ends after ${bytes.length} bytes; it was cut off`);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const version = view.getUint32(8, true);
    if (version > VERSION) {
      badModel(
        `its format is version ${version}, and this release reads up to ${VERSION}; update Waggle`,
      );
    }
    if (version !== VERSION) badModel(`its format is version ${version}, which never was`);
    const length = view.getUint32(12, true);
    if (length > MOST_HEADER_BYTES) {
      badModel(`its header has ${length} bytes, at most ${MOST_HEADER_BYTES}`);
    }
    if (PREFIX_BYTES + length > bytes.length) {
      badModel(`its header has ${length} bytes, and the file ends before; it was cut off`);
    }
    const text = bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
    const expected = bytes.subarray(16, 16 + DIGEST_BYTES);
    if (digest("SHA-256", text).some((byte, at) => byte !== expected[at])) {
      badModel("its header does not have the digest that stands before it; the file is damaged");
    }
    this.header = parsedHeader(text);
    this.#sections = this.#placed(PREFIX_BYTES + length);
  }

  #placed(end: number) {
    const { sections } = this.header;
    if (!Array.isArray(sections) || sections.length > MOST_SECTIONS) {
      badModel(`its header lists no sections, or more than ${MOST_SECTIONS}`);
    }
    this.#checkPadding(end);
    let at = padded(end);
    const out = sections.map((given: unknown, number) => {
      const { type, length, sha256 } = Object(given) as Partial<SectionHeader>;
      const isKnown = typeof type === "string" && Object.hasOwn(CLASSES, type);
      const fits = Number.isSafeInteger(length) && length! >= 0 && length! <= this.#bytes.length;
      if (!isKnown || !fits || typeof sha256 !== "string") {
        badModel(`its header does not describe section ${number} as one can be`);
      }
      const section = { type: type!, length: length!, sha256, at };
      at += length! * CLASSES[type!].BYTES_PER_ELEMENT;
      this.#checkPadding(at);
      at = padded(at);
      return section;
    });
    if (at !== this.#bytes.length) {
      const what = at > this.#bytes.length ? "it was cut off" : "something was added to it";
      badModel(`it has ${this.#bytes.length} bytes, and its header says ${at}; ${what}`);
    }
    return out;
  }

  /** What lies between sections is no part of any, and would be looked at by no digest. */
  #checkPadding(end: number): void {
    if (this.#bytes.subarray(end, padded(end)).some((byte) => byte !== 0)) {
      badModel(`it has something between its sections, at byte ${end}; the file is damaged`);
    }
  }

  /**
   * The numbers of a section.
   *
   * @param most How many there may be.
   * @throws {ModelFileError} when there is no such section, or it is damaged.
   */
  section<T extends SectionType>(number: unknown, type: T, most = Infinity): SectionValues<T> {
    const section = Number.isInteger(number) ? this.#sections[number as number] : undefined;
    if (!section || section.type !== type || section.length > most) {
      badModel(`section ${String(number)} is not there, or not of type ${type} and size`);
    }
    const size = section.length * CLASSES[type].BYTES_PER_ELEMENT;
    const bytes = this.#bytes.slice(section.at, section.at + size);
    if (hexDigest(bytes) !== section.sha256) {
      badModel(`section ${number} does not have the digest of the header; the file is damaged`);
    }
    const values = new CLASSES[type](bytes.buffer) as SectionValues<T>;
    if (!(values as Float64Array).every(Number.isFinite)) {
      badModel(`section ${number} has a number that is not finite`);
    }
    return values;
  }
}

function parsedHeader(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const header = JSON.parse(text);
    // so no key can be there twice, and no number be written in two ways
    const isPlain = JSON.stringify(header) === text;
    if (isPlain && typeof header === "object" && header !== null && !Array.isArray(header)) {
      return header;
    }
  } catch {
    // told below
  }
  badModel("its header is not JSON in the form in which save() writes it");
}
