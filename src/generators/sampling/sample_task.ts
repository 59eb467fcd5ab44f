import type { RecordBatch } from "../../batch/record_batch.ts";
import type { StepOutcome, Steppable } from "../../runtime/runtime.ts";
import { BlockPacker, type PackedBlocks } from "./block_wire.ts";

/** What a bee that samples is born with. */
export interface SampleInit {
  /** The bytes of the model. */
  readonly model: Uint8Array;
  /** How many rows the sample has. */
  readonly count: number;
  /** Its options, as plain data. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** Blocks to be made. */
export interface SampleJob {
  readonly job: number;
  /** The first block. */
  readonly first: number;
  /** The block after the last. */
  readonly end: number;
}

/** What a bee that samples tells. */
export type SampleMessage =
  | { readonly kind: "working" }
  | ({ readonly kind: "blocks"; readonly job: number } & PackedBlocks)
  | { readonly kind: "failed"; readonly name: string; readonly message: string };

/** Tells the main thread; the buffers are handed over. */
export type PostSample = (message: SampleMessage, transfer: Transferable[]) => void;

/** Makes a block of 4,096 rows. */
export type MakeBlock = (block: number) => RecordBatch;

/** What samples are taken of. */
export interface Sampled {
  sample(count: number, options: object): { readonly range: SampledRange };
}

/** How the blocks of a sample are made. */
export interface SampledRange {
  readonly block: MakeBlock;
  /** Goes to where a block begins, piece by piece, where that can take long. */
  readonly approach?: (block: number) => Iterable<void>;
}

/** Makes the blocks that it is asked for. */
export class SampleTask implements Steppable {
  readonly #range: SampledRange;
  readonly #post: PostSample;
  readonly #packer = new BlockPacker();
  readonly #jobs: SampleJob[] = [];
  /** The way to the blocks of the first job. */
  #way: Iterator<void> | undefined;

  /** Of one sample. */
  constructor(range: SampledRange, post: PostSample) {
    this.#range = range;
    this.#post = post;
  }

  /** With what it is born with. */
  static async born(
    { model, count, options }: SampleInit,
    { load, post }: { load: (bytes: Uint8Array) => Promise<Sampled>; post: PostSample },
  ): Promise<SampleTask> {
    const { range } = (await load(model)).sample(count, options);
    return new SampleTask(range, post);
  }

  /** Takes a job. */
  receive(job: unknown): void {
    this.#jobs.push(job as SampleJob);
  }

  /** Does a job, or comes nearer to its blocks and tells that it does. */
  step(): StepOutcome {
    const [next] = this.#jobs;
    if (!next) return "idle";
    try {
      if (this.#comesNearer(next)) this.#post({ kind: "working" }, []);
      else this.#do(this.#jobs.shift()!);
    } catch (error) {
      this.#jobs.length = 0;
      this.#post(failureOf(error), []);
    }
    return "worked";
  }

  /** Whether there is still a way to go to the first block. */
  #comesNearer({ first }: SampleJob): boolean {
    this.#way ??= this.#range.approach?.(first)[Symbol.iterator]();
    return this.#way?.next().done === false;
  }

  #do({ job, first, end }: SampleJob): void {
    this.#way = undefined;
    const blocks: RecordBatch[] = [];
    for (let block = first; block < end; block++) blocks.push(this.#range.block(block));
    const packed = this.#packer.pack(blocks);
    this.#post({ kind: "blocks", job, ...packed }, [packed.bytes.buffer]);
  }
}

/** An error as a message. */
export function failureOf(error: unknown): SampleMessage {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { kind: "failed", name, message };
}
