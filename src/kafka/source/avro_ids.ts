import type { AvroWriters } from "../../codecs/avro/avro_message_block.ts";
import type { UnreadableWriter } from "../../codecs/avro/avro_message_decoder.ts";
import type { Cells } from "../records/decoded_records.ts";
import type { RegistryReader } from "../registry/registry_reader.ts";

/** Bytes of a prefix: a zero, and the number of a schema (Confluent, "Wire format"). */
const PREFIX_BYTES = 5;
/** Schemas that are kept: the registry keeps others. */
const MOST_KNOWN = 1000;

/** Asks a registry for the schemas that stand in front of Avro values. */
export class AvroIds {
  /** Whom it asks. */
  readonly reader: RegistryReader;
  readonly #signal: AbortSignal;
  readonly #known = new Map<number, string>();

  /** Asks until a signal is aborted. */
  constructor(reader: RegistryReader, signal: AbortSignal) {
    this.reader = reader;
    this.#signal = signal;
  }

  /**
   * The schemas of some values.
   *
   * @throws {SchemaRegistryError} when the registry cannot be asked.
   */
  async writersOf(values: Cells): Promise<AvroWriters> {
    const ids = idsIn(values);
    const missing = ids.filter((id) => !this.#known.has(id));
    const found = missing.length === 0
      ? new Map<number, string | UnreadableWriter>()
      : await this.reader.writers(missing, { signal: this.#signal });
    if (this.#known.size + found.size > MOST_KNOWN) this.#known.clear();
    const writers = ids.map((id) => [id, found.get(id) ?? this.#known.get(id)!] as const);
    // what is not there may be so later
    for (const [id, writer] of found) if (typeof writer === "string") this.#known.set(id, writer);
    return writers;
  }
}

/** The numbers in front of values. */
function idsIn({ bytes, starts, lengths }: Cells): number[] {
  const ids = new Set<number>();
  for (let row = 0, last = -1; row < starts.length; row++) {
    const at = starts[row];
    if (lengths[row] < PREFIX_BYTES || bytes[at] !== 0) continue;
    const id = bytes[at + 1] << 24 | bytes[at + 2] << 16 | bytes[at + 3] << 8 | bytes[at + 4];
    if (id === last || id < 0) continue;
    ids.add(last = id);
  }
  return [...ids];
}
