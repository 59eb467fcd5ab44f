import { BlockArena } from "../hive/block_arena.ts";
import type { IntakeSpec } from "../hive/block_intake.ts";
import type { KernelOptions } from "../kernel/kernel.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { BlockMarker } from "../hive/partition_marks.ts";
import { BlockContent, BlockReading } from "./block_content.ts";
import { BlockHistory } from "./block_history.ts";
import type { FeedBlock } from "./feed_item.ts";
import type { BlockFormat, BlockMemory, SourceBlock } from "./source.ts";

/** What bees make of a source's blocks, but for where they lie. */
export type BlockIntakeSpec = Omit<IntakeSpec, "arena" | "board">;

/** What the blocks of a source come to, once it is known what they are made of. */
export interface FeedBlocks {
  /** What bees do with them. */
  readonly intake: IntakeSpec;
  readonly history: BlockHistory;
  readonly reading: BlockReading;
}

/** Takes the blocks of a source that bees decode. */
export class BlockFeed implements Disposable {
  readonly #arena: BlockArena;
  readonly #kernel: KernelOptions;
  #opened: FeedBlocks | undefined;
  /** Greatest times that partitions begin with, before it is known what blocks are made of. */
  readonly #begun = new Map<number, number>();

  /** A feed of blocks of which nothing is known yet. */
  constructor(runtime: Runtime, kernel: KernelOptions) {
    this.#arena = new BlockArena(runtime);
    this.#kernel = kernel;
  }

  /** Where the source may put their bytes. */
  get memory(): BlockMemory {
    return this.#arena;
  }

  /** What they come to, once that is known. */
  get opened(): FeedBlocks | undefined {
    return this.#opened;
  }

  /** It is known what they are made of, what bees make of them, and which partitions are open. */
  open(format: BlockFormat, given: BlockIntakeSpec, partitions: Iterable<number>): void {
    const { blockBytes } = format;
    if (blockBytes !== undefined) this.#arena.open(blockBytes);
    const { memory } = this.#arena;
    const intake: IntakeSpec = { ...given, ...(memory && { arena: memory }) };
    const reading = new BlockReading(format, { spec: intake, kernel: this.#kernel });
    this.#opened = { intake, reading, history: new BlockHistory(partitions) };
    for (const [partition, greatest] of this.#begun) this.begin(partition, greatest);
  }

  /** A partition begins with a greatest time, ms. */
  begin(partition: number, greatest: number): void {
    if (this.#opened) this.#opened.history.begin(partition, greatest);
    else this.#begun.set(partition, greatest);
  }

  /** The next block; only after {@linkcode BlockFeed.open}. */
  take(given: SourceBlock, partition = 0): FeedBlock {
    const { reading } = this.#opened!;
    return this.#place(new BlockContent(given, reading, { partition, arena: this.#arena }));
  }

  /** No rows, but a partition that begins or has ended. */
  mark(partition: number, marker: BlockMarker): FeedBlock {
    const nothing = { bytes: new Uint8Array(), offset: 0, linesBefore: 0 };
    return this.#place(new BlockContent(nothing, this.#opened!.reading, { partition, marker }));
  }

  #place(block: BlockContent): FeedBlock {
    const { partition, offset: position } = block;
    this.#opened!.history.append(block);
    const unknown = { watermark: -Infinity, watermarkAfter: -Infinity, cap: Infinity };
    return { block, partition, position, ...unknown };
  }

  /** Records were found in a block of which nobody knew. */
  told(): void {
    this.#opened?.history.advance();
  }

  [Symbol.dispose](): void {
    this.#opened?.reading[Symbol.dispose]();
  }
}
