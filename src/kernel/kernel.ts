import type { KernelExports } from "./exports.ts";
import { KERNEL_BASE64 } from "./kernel_wasm.ts";

const DEFAULT_BUDGET_BYTES = 1024 * 1024 * 1024;
/** What an instance has before anything is allocated, and a page. */
export const LEAST_BUDGET_BYTES: number = 5 * 65536;
/** All that addresses of 32 bits reach, but for a page. */
export const MOST_BUDGET_BYTES: number = 0xffff_0000;

/** The kernel could not get memory: its budget is spent. */
export class KernelMemoryError extends Error {
  /** The name of the class. */
  override readonly name = "KernelMemoryError";
}

/** Options of {@linkcode create}. */
export interface KernelOptions {
  /**
   * The most memory the instance may take, in bytes. Default 1 GiB; at least 320 KiB, at most
   * 4 GiB − 64 KiB.
   */
  budgetBytes?: number;
  /** What users can do when the budget is spent, for messages. Default `"raise budgetBytes"`. */
  remedy?: string;
}

let compiled: WebAssembly.Module | undefined;

function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.fromBase64(KERNEL_BASE64));
  return compiled;
}

/**
 * Compiles the kernel and keeps it, so that the threads of this process that compile the same bytes
 * share its code, and what the engine has done to make it faster.
 */
export function keepCompiled(): void {
  compile();
}

/**
 * One private instance of the kernel: its functions and its memory.
 *
 * A bee or a generator owns exactly one. Views of the memory are re-taken after growth here and
 * nowhere else, so callers read `kernel.u8` anew after anything that may allocate.
 */
export class Kernel {
  readonly #exports: KernelExports;
  readonly #budgetBytes: number;
  /** What users can do when the budget is spent. */
  readonly remedy: string;
  #u8: Uint8Array<ArrayBuffer> = new Uint8Array();
  #u32: Uint32Array<ArrayBuffer> = new Uint32Array();

  /** Use {@linkcode create}. */
  constructor(exports: KernelExports, { budgetBytes, remedy }: Required<KernelOptions>) {
    this.#exports = exports;
    this.#budgetBytes = budgetBytes;
    this.remedy = remedy;
    exports.setBudget(budgetBytes);
  }

  /** The raw functions; for the typed faces in `src/kernel/` only. */
  get exports(): KernelExports {
    return this.#exports;
  }

  /** The whole memory as bytes; valid until the next allocation. */
  get u8(): Uint8Array<ArrayBuffer> {
    const buffer = this.#exports.memory.buffer as ArrayBuffer;
    if (this.#u8.buffer !== buffer) this.#u8 = new Uint8Array(buffer);
    return this.#u8;
  }

  /** The whole memory as words; valid until the next allocation. */
  get u32(): Uint32Array<ArrayBuffer> {
    const { buffer } = this.u8;
    if (this.#u32.buffer !== buffer) this.#u32 = new Uint32Array(buffer);
    return this.#u32;
  }

  /** The size of the memory now, in bytes. */
  get memoryBytes(): number {
    return this.#exports.memory.buffer.byteLength;
  }

  /** Bytes in allocated blocks now, rounding included. */
  get usedBytes(): number {
    return this.#exports.usedBytes() >>> 0;
  }

  /** The most the memory may grow to, in bytes. */
  get budgetBytes(): number {
    return this.#budgetBytes;
  }

  /**
   * Allocates a block, 16-byte aligned, contents undefined.
   *
   * @throws {KernelMemoryError} when the budget does not hold it.
   */
  allocate(bytes: number): number {
    const block = this.#exports.allocate(bytes) >>> 0;
    if (block === 0) {
      throw new KernelMemoryError(
        `Cannot allocate kernel memory: ${bytes} bytes asked, ${this.usedBytes} of the budget of ` +
          `${this.#budgetBytes} in use; ${this.remedy}`,
      );
    }
    return block;
  }

  /** Gives a block back. */
  release(block: number): void {
    this.#exports.release(block);
  }
}

/**
 * Makes a kernel instance with a memory of its own.
 *
 * @throws {RangeError} when `budgetBytes` is not from 320 KiB to 4 GiB − 64 KiB.
 */
export function create(options: KernelOptions = {}): Kernel {
  const { budgetBytes = DEFAULT_BUDGET_BYTES, remedy = "raise budgetBytes" } = options;
  if (!(budgetBytes >= LEAST_BUDGET_BYTES && budgetBytes <= MOST_BUDGET_BYTES)) {
    throw new RangeError(
      `Cannot create kernel: budgetBytes must be from ${LEAST_BUDGET_BYTES} to ${MOST_BUDGET_BYTES}, ` +
        `received ${budgetBytes}`,
    );
  }
  const instance = new WebAssembly.Instance(compile());
  return new Kernel(instance.exports as KernelExports, { budgetBytes, remedy });
}
