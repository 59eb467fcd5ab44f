import type { AvroWriters } from "../../codecs/avro/avro_message_block.ts";
import type { UnreadableWriter } from "../../codecs/avro/avro_message_decoder.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { RetryPolicy } from "../../stream/retry_policy.ts";
import { Attempts } from "../driver/client/attempts.ts";
import type { Cells } from "../records/decoded_records.ts";
import { SchemaRegistryError } from "../registry/registry_error.ts";
import type { RegistryReader } from "../registry/registry_reader.ts";

/** Bytes of a prefix: a zero, and the number of a schema (Confluent, "Wire format"). */
const PREFIX_BYTES = 5;
/** Schemas that are kept: the registry keeps others. */
const MOST_KNOWN = 1000;

const BACKOFF = new RetryPolicy({ initialBackoff: "500ms", maxBackoff: "5s" });

/** What {@linkcode AvroIds} work with. */
export interface AvroIdsOptions {
  readonly reader: RegistryReader;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** For how long a registry is asked again that does not answer, ms. */
  readonly retryMs: number;
}

/** Asks a registry for the schemas that stand in front of Avro values. */
export class AvroIds {
  /** Whom it asks. */
  readonly reader: RegistryReader;
  readonly #options: AvroIdsOptions;
  readonly #known = new Map<number, string>();

  /** Has asked for nothing. */
  constructor(options: AvroIdsOptions) {
    this.reader = options.reader;
    this.#options = options;
  }

  /**
   * The schemas of some values. A registry that is away for a while is waited for, as brokers are.
   *
   * @throws {SchemaRegistryError} when the registry cannot be asked.
   */
  async writersOf(values: Cells): Promise<AvroWriters> {
    const ids = idsIn(values);
    const missing = ids.filter((id) => !this.#known.has(id));
    const found = missing.length === 0
      ? new Map<number, string | UnreadableWriter>()
      : await this.#asked(missing);
    if (this.#known.size + found.size > MOST_KNOWN) this.#known.clear();
    const writers = ids.map((id) => [id, found.get(id) ?? this.#known.get(id)!] as const);
    // what is not there may be so later
    for (const [id, writer] of found) if (typeof writer === "string") this.#known.set(id, writer);
    return writers;
  }

  async #asked(ids: readonly number[]): Promise<Map<number, string | UnreadableWriter>> {
    const { reader, runtime, signal, retryMs: forMs } = this.#options;
    const attempts = new Attempts({ runtime, forMs, signal, backoff: BACKOFF });
    for (;;) {
      try {
        return await reader.writers(ids, { signal });
      } catch (error) {
        const mayPass = error instanceof SchemaRegistryError && error.retriable;
        if (!mayPass || !await attempts.again()) throw error;
      }
    }
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
