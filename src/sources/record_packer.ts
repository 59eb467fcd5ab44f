import { AvroRecordFault, skipAvro } from "../codecs/avro/skip_avro.ts";
import type { AvroFileRecords } from "../codecs/avro/avro_file_records.ts";
import { COUNT_BYTES } from "../codecs/avro/counted_records.ts";
import type { AvroType } from "../codecs/avro/avro_type.ts";

/** Where records of one block of a file lie among others. */
export interface PackedPart {
  /** Where they begin in the package, and as which of its records. */
  readonly start: number;
  readonly record: number;
  /** How many bytes and records of their block came in packages before. */
  readonly skipped: { readonly bytes: number; readonly records: number };
  /** Where their block begins in the file. */
  readonly offset: number;
}

/** Records that go to a bee together, with their number in front. */
export interface Package {
  readonly bytes: Uint8Array;
  readonly parts: readonly PackedPart[];
}

/**
 * Puts the records of Avro files into packages. Those of a large block are cut where one of them
 * ends. Those of small ones go together where a record that cannot be read ends the run: elsewhere
 * it must not take the records of other blocks with it.
 */
export class RecordPacker {
  readonly #type: AvroType;
  /** Bytes of records that a package holds. */
  readonly #room: number;
  readonly #joins: boolean;
  #bytes: Uint8Array;
  #filled = COUNT_BYTES;
  #records = 0;
  #parts: PackedPart[] = [];

  /** A packer of records of a type. */
  constructor(
    type: AvroType,
    { mostBytes, joins }: {
      /** The most bytes of a package. */
      readonly mostBytes: number;
      /** Whether records of several blocks may go together. */
      readonly joins: boolean;
    },
  ) {
    this.#type = type;
    this.#room = mostBytes - COUNT_BYTES;
    this.#joins = joins;
    this.#bytes = new Uint8Array(mostBytes);
  }

  /**
   * Takes the records of a block; gives the packages that are full. Of a record that is larger than
   * a package, or has no end that could be found, as much is packed as one holds, for a bee to find
   * what is wrong with it.
   */
  *add({ bytes, records, offset }: AvroFileRecords): Generator<Package, void, undefined> {
    if (!this.#joins) yield* this.flush();
    let skipped = { bytes: 0, records: 0 };
    while (skipped.bytes < bytes.length) {
      const next = this.#fit(bytes, records, skipped);
      const count = Math.min(next.bytes - skipped.bytes, this.#room);
      if (count > this.#bytes.length - this.#filled) yield* this.flush();
      this.#parts.push({ start: this.#filled, record: this.#records, skipped, offset });
      this.#bytes.set(bytes.subarray(skipped.bytes, skipped.bytes + count), this.#filled);
      this.#filled += count;
      this.#records += next.records - skipped.records;
      skipped = next;
    }
  }

  /** How far the records from a position go into one package; at least one of them. */
  #fit(bytes: Uint8Array, all: number, from: PackedPart["skipped"]): PackedPart["skipped"] {
    const rest = { bytes: bytes.length, records: all };
    if (bytes.length - from.bytes <= this.#room) return rest;
    let last: PackedPart["skipped"] | undefined;
    for (let at = from.bytes, { records } = from; at < bytes.length; records++) {
      const end = this.#endOf(bytes, at);
      if (end === undefined || end - from.bytes > this.#room) {
        return last ?? (end === undefined ? rest : { bytes: end, records: records + 1 });
      }
      at = end;
      last = { bytes: end, records: records + 1 };
    }
    return rest;
  }

  #endOf(bytes: Uint8Array, at: number): number | undefined {
    try {
      return skipAvro(this.#type, bytes, at, { checksValues: false });
    } catch (error) {
      if (error instanceof AvroRecordFault) return undefined;
      throw error;
    }
  }

  /** What is in the open package. */
  *flush(): Generator<Package, void, undefined> {
    if (this.#filled === COUNT_BYTES) return;
    const bytes = this.#bytes.slice(0, this.#filled);
    new DataView(bytes.buffer).setFloat64(0, this.#records, true);
    yield { bytes, parts: this.#parts };
    this.#filled = COUNT_BYTES;
    this.#records = 0;
    this.#parts = [];
  }
}
