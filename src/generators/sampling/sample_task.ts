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
  | ({ readonly kind: "blocks"; readonly job: number } & PackedBlocks)
  | { readonly kind: "failed"; readonly name: string; readonly message: string };

/** Tells the main thread; the buffers are handed over. */
export type PostSample = (message: SampleMessage, transfer: Transferable[]) => void;

/** Makes a block of 4,096 rows. */
export type MakeBlock = (block: number) => RecordBatch;

/** What samples are taken of. */
export interface Sampled {
  sample(count: number, options: object): { readonly range: { readonly block: MakeBlock } };
}

/** Makes the blocks that it is asked for. */
export class SampleTask implements Steppable {
  readonly #make: MakeBlock;
  readonly #post: PostSample;
  readonly #packer = new BlockPacker();
  readonly #jobs: SampleJob[] = [];

  /** Of one sample. */
  constructor(make: MakeBlock, post: PostSample) {
    this.#make = make;
    this.#post = post;
  }

  /** With what it is born with. */
  static async born(
    { model, count, options }: SampleInit,
    { load, post }: { load: (bytes: Uint8Array) => Promise<Sampled>; post: PostSample },
  ): Promise<SampleTask> {
    const { range } = (await load(model)).sample(count, options);
    return new SampleTask(range.block, post);
  }

  /** Takes a job. */
  receive(job: unknown): void {
    this.#jobs.push(job as SampleJob);
  }

  /** Does a job. */
  step(): StepOutcome {
    const next = this.#jobs.shift();
    if (!next) return "idle";
    const { job, first, end } = next;
    try {
      const blocks: RecordBatch[] = [];
      for (let block = first; block < end; block++) blocks.push(this.#make(block));
      const packed = this.#packer.pack(blocks);
      this.#post({ kind: "blocks", job, ...packed }, [packed.bytes.buffer]);
    } catch (error) {
      this.#post(failureOf(error), []);
    }
    return "worked";
  }
}

/** An error as a message. */
export function failureOf(error: unknown): SampleMessage {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  return { kind: "failed", name, message };
}
