import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "../../codecs/block_decoder.ts";
import { FLATTEN, ONE_A_LINE, SAVE_AS_UTF8 } from "../../codecs/bad_record_error.ts";
import { createBlockDecoder } from "../../codecs/create_block_decoder.ts";
import { LF } from "../../codecs/record_scanner.ts";
import { ownBatch } from "../../hive/own_batch.ts";
import { create } from "../../kernel/kernel.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { blockBytesFor } from "../../stream/block_plan.ts";
import type {
  BlockFormat,
  RecordPlace,
  SourceBatch,
  SourceBlock,
  SourceOptions,
} from "../../stream/source.ts";
import { CorruptBatch } from "../records/corrupt_batch.ts";
import { RecordDecoder } from "../records/record_decoder.ts";
import { RegistryReader } from "../registry/registry_reader.ts";
import { AvroIds } from "./avro_ids.ts";
import type { WaitingBlock } from "./fetch_buffer.ts";
import { type KafkaBlock, KafkaRecordError, offsetIn } from "./kafka_block.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import type { PartitionState } from "./partition_state.ts";
import { ExplainedError, PoisonAccount } from "./poison.ts";
import { type FramedRecords, type Framing, RecordFramer } from "./record_framer.ts";
import { type SourcePlan, sourcePlan, type ValueColumns } from "./source_plan.ts";
import { avroValueColumns, JsonScout } from "./value_scout.ts";

/** Room for what stands beside the value of a record, its key and headers above all. */
export const BESIDE_BYTES = 65_536;
/** The most bytes that the records of one batch may make when they are decompressed. */
const MAX_BATCH_BYTES = 134_217_728;

/** What to do about values, where decoders know only what to do about the lines of a file. */
const FIXES: ReadonlyMap<string, string> = new Map([
  [ONE_A_LINE, "write one JSON object in each record"],
  [FLATTEN, 'flatten it, or read values: "text" and parse them in a step of yours'],
  [
    SAVE_AS_UTF8,
    'write JSON as UTF-8, or if it is Avro pass values: "avro" with a registry or ' +
    "an avroSchema",
  ],
]);

/** What is said of a value that stands as a line of one byte 0: `DecodedRecords.valueLines`. */
const BLANK = {
  reason: "the value is empty, or nothing but white space or a zero byte",
  fix: "write one JSON object in each record; one that is to delete its key (a tombstone) has no " +
    "value at all, null, in the place of an empty one",
};

/** What a {@linkcode RecordGiver} works with. */
export interface RecordGiverOptions {
  readonly name: string;
  readonly settings: KafkaSourceSettings;
  readonly open: SourceOptions;
  readonly runtime: Runtime;
}

/** How rows are made, once their columns are known. */
interface Opened {
  readonly plan: SourcePlan;
  readonly framer: RecordFramer;
  /** Decodes where no bee does. */
  readonly decoder: BlockDecoder | undefined;
}

/** Makes what a pipeline reads of what was fetched: a format and blocks, or batches. */
export class RecordGiver implements Disposable {
  readonly #options: RecordGiverOptions;
  readonly #records: RecordDecoder;
  readonly #poison: PoisonAccount;
  readonly #blockBytes: number;
  readonly #scout: JsonScout | undefined;
  readonly #ids: AvroIds | undefined;
  #held: (WaitingBlock | PartitionState)[] = [];
  #waitsUntilMs: number | undefined;
  #opened: Opened | undefined;

  /** A giver of which nothing is known yet but what the options say. */
  constructor(options: RecordGiverOptions) {
    const { name, settings, open, runtime } = options;
    const { isolation, values, registry, maxRecordBytes } = settings;
    this.#options = options;
    this.#records = new RecordDecoder(create(), { isolation, maxBatchBytes: MAX_BATCH_BYTES });
    this.#poison = new PoisonAccount(open, settings.badRecords);
    const most = blockBytesFor(maxRecordBytes + BESIDE_BYTES);
    this.#blockBytes = Math.min(open.blockBytes ?? Infinity, most);
    if (values === "json") this.#scout = new JsonScout(name, settings);
    if (registry) {
      const reader = new RegistryReader({ registry, runtime });
      const { retryMs } = settings;
      this.#ids = new AvroIds({ reader, runtime, signal: open.signal, retryMs });
    }
  }

  /** Records without a value that were left out. */
  get tombstones(): number {
    return this.#opened?.framer.tombstones ?? 0;
  }

  /** Whether it is known what columns there are. */
  get isOpen(): boolean {
    return this.#opened !== undefined;
  }

  /** Whether records wait for others that tell what columns there are. */
  get isWaiting(): boolean {
    return !this.#opened && this.#held.length > 0 && (this.#scout?.hasSeen ?? false);
  }

  /** For how long they still do, ms. */
  get waitsMs(): number {
    const { runtime, settings: { inferenceWaitMs } } = this.#options;
    const nowMs = runtime.monotonicMs();
    this.#waitsUntilMs ??= nowMs + inferenceWaitMs;
    return Math.max(0, this.#waitsUntilMs - nowMs);
  }

  /** Takes what was fetched; gives what may leave. */
  async *take(fetched: WaitingBlock): AsyncGenerator<SourceBatch> {
    if (this.#opened) return yield* this.#give(fetched, this.#opened);
    for (const records of this.#scout ? this.#records.decode(fetched.block) : []) {
      this.#scout!.look(records);
    }
    this.#held.push(fetched);
    if (this.#scout?.isReady ?? true) yield* this.begin();
  }

  /** What waits comes again. */
  forget(): void {
    this.#held = [];
    this.#waitsUntilMs = undefined;
  }

  /** Nothing more comes of a partition. */
  *end(state: PartitionState): Generator<SourceBatch> {
    if (!this.#opened && this.#held.length > 0) this.#held.push(state);
    else yield { partition: state.index, ended: true };
  }

  /** No more is waited for: what there is tells the columns. */
  async *begin(): AsyncGenerator<SourceBatch> {
    if (this.#opened || this.#held.length === 0) return;
    const columns = await this.#columns();
    const held = this.#held;
    this.#held = [];
    this.#waitsUntilMs = undefined;
    if (!columns) return yield* this.#reject(held);
    const opened = this.#open(columns);
    this.#opened = opened;
    const { plan, decoder } = opened;
    yield decoder ? { schema: plan.schema } : { format: this.#format(plan) };
    yield* this.#giveAll(held, opened);
  }

  async *#giveAll(
    held: readonly (WaitingBlock | PartitionState)[],
    opened: Opened,
  ): AsyncGenerator<SourceBatch> {
    for (const each of held) {
      if ("block" in each) yield* this.#give(each, opened);
      else yield { partition: each.index, ended: true };
    }
  }

  async #columns(): Promise<ValueColumns | undefined> {
    const { settings, open: { signal } } = this.#options;
    const { values, avroSchema, topics } = settings;
    if (this.#scout) return this.#scout.found();
    if (values !== "avro") return { schema: { fields: [] } };
    const schema = avroSchema ?? await this.#ids!.reader.readerSchema(topics[0], { signal });
    return avroValueColumns(schema, settings);
  }

  #open(columns: ValueColumns, decodes = this.#options.open.blockBytes === undefined): Opened {
    const { settings, name, open: { wholeRecords, columns: asked } } = this.#options;
    const plan = sourcePlan(columns, settings, { name, wanted: wholeRecords ? undefined : asked });
    const { values, keepsTombstones, maxRecordBytes } = settings;
    const framer = new RecordFramer({
      ...{ values, keepsTombstones, maxRecordBytes, columns: plan.columns },
      maxBlockBytes: this.#blockBytes,
      keepsOriginals: this.#poison.policy === "deadLetter",
    });
    return {
      plan,
      framer,
      decoder: decodes ? createBlockDecoder(plan.decoder, create()) : undefined,
    };
  }

  /** Tells why none of the records can be used: not even columns could be inferred. */
  async *#reject(held: readonly (WaitingBlock | PartitionState)[]): AsyncGenerator<SourceBatch> {
    const opened = this.#open(this.#scout!.rejecting, true);
    using _decoder = opened.decoder;
    yield* this.#giveAll(held, opened);
  }

  #format({ schema, decoder }: SourcePlan): BlockFormat {
    const { name } = this.#options;
    return {
      ...{ schema, decoder, name, blockBytes: this.#blockBytes, badRecords: this.#poison.policy },
      report: (bad) => this.#poison.report(bad),
      explain: (bad, block) => this.#explain(bad, block),
    };
  }

  #explain(bad: BadBlockRecord, block: SourceBlock): ExplainedError {
    const { record, reason, fix, column } = bad;
    const { at, offsets, originals } = block as KafkaBlock;
    const offset = offsetIn(offsets, record);
    const isBlank = this.#scout !== undefined && isZero(block.bytes, bad);
    const fault = {
      ...{ offset, ...(isBlank ? BLANK : { reason, fix: FIXES.get(fix) ?? fix }) },
      ...(column !== undefined && { column }),
    };
    const error = new ExplainedError(this.#options.name, at, fault);
    error.original = originals?.[record];
    return error;
  }

  /** Gives the records of a block; the last of them say where a reader would go on. */
  async *#give({ state, block }: WaitingBlock, opened: Opened): AsyncGenerator<SourceBatch> {
    let waiting: FramedRecords | undefined;
    try {
      for (const records of this.#records.decode(block)) {
        const writers = this.#ids ? await this.#ids.writersOf(records.values) : [];
        for (const framed of opened.framer.frame(records, this.#framing(state, writers, opened))) {
          if (waiting) yield* this.#placed(waiting, waiting.next, state, opened);
          waiting = framed;
        }
      }
    } catch (error) {
      // what stands before a damaged batch is good
      if (waiting && error instanceof CorruptBatch) {
        yield* this.#placed(waiting, waiting.next, state, opened);
      }
      throw error;
    }
    yield* this.#poison.counted();
    const next = Math.min(block.next, state.end);
    state.taken = next;
    if (waiting) yield* this.#placed(waiting, next, state, opened);
    else yield { partition: state.index, position: next };
  }

  #framing(state: PartitionState, writers: Framing["writers"], { decoder }: Opened): Framing {
    const { name, open: { blockMemory } } = this.#options;
    return {
      ...{ end: state.end, writers },
      room: (bytes) => (decoder ? undefined : blockMemory?.take()) ?? new Uint8Array(bytes),
      reject: (offset, value, fault) => {
        this.#poison.reject(new KafkaRecordError(name, state, { offset, ...fault }), value);
      },
    };
  }

  *#placed(
    { block }: FramedRecords,
    position: number,
    { index: partition }: PartitionState,
    { decoder }: Opened,
  ): Generator<SourceBatch> {
    if (!decoder) return yield { partition, block, position };
    const given: Pick<SourceBatch, "batch" | "placeOf">[] = [];
    for (let at = 0, before = 0; at < block.bytes.length;) {
      const decoded = decoder.decode(block.bytes, at);
      for (const each of decoded.bad) {
        const bad = { ...each, record: before + each.record };
        const error = this.#explain(bad, block);
        this.#poison.reject(error, () => error.original ?? block.bytes.slice(bad.start, bad.end));
      }
      if (decoded.batch.length > 0) {
        given.push({ batch: ownBatch(decoded.batch), placeOf: placesIn(block, decoded, before) });
      }
      at = decoded.end;
      before += decoded.records;
    }
    yield* this.#poison.counted();
    for (const [at, rows] of given.entries()) {
      yield { partition, ...rows, ...(at === given.length - 1 && { position }) };
    }
    if (given.length === 0) yield { partition, position };
  }

  [Symbol.dispose](): void {
    this.#opened?.decoder?.[Symbol.dispose]();
    this.#records[Symbol.dispose]();
  }
}

/** Whether a record's value is one byte 0. */
function isZero(bytes: Uint8Array, { start, end }: BadBlockRecord): boolean {
  return bytes[start] === 0 && (end === start + 1 || end === start + 2 && bytes[start + 1] === LF);
}

/** Where the rows stand that were made of a part of a block, behind so many records. */
function placesIn(
  block: KafkaBlock,
  { bad, batch }: DecodedBlock,
  before: number,
): (row: number) => RecordPlace {
  if (bad.length === 0) return (row) => block.placeOf(before + row);
  const gone = new Set(bad.map(({ record }) => record));
  const records = Array.from({ length: batch.length + bad.length }, (_, record) => record)
    .filter((record) => !gone.has(record));
  return (row) => block.placeOf(before + records[row]);
}
