import { checkWhole, received } from "../runtime/known_options.ts";
import type { Publisher } from "./publisher.ts";

const MIN_RING_BYTES = 4096;
const MAX_RING_BYTES = 1024 * 1024 * 1024;

/** The highest count that an option may be given. */
export const MAX_COUNT: number = 2 ** 31 - 1;

/** The range of a count, both ends included. */
export interface CountRange {
  readonly least: number;
  /** Default {@linkcode MAX_COUNT}. */
  readonly most?: number;
}

/** A policy that puts something aside, and where that goes. */
export interface TargetCheck {
  readonly policy: string;
  /** The word of the policy that puts something aside. */
  readonly puts: string;
  /** The option that says where it goes. */
  readonly name: string;
  readonly target: unknown;
}

/** Checks the options of what is to be created; it stands at the head of every error. */
export class OptionChecks {
  readonly #created: string;

  /** Checks for something of that name. */
  constructor(created: string) {
    this.#created = created;
  }

  /** A whole number within a range. @throws {RangeError} when it is not. */
  count(name: string, value: number, { least, most = MAX_COUNT }: CountRange): number {
    return checkWhole(name, value, { doing: `create ${this.#created}`, least, most });
  }

  /** One of some values. @throws {TypeError} when it is not. */
  oneOf<T>(name: string, value: T, allowed: readonly T[]): T {
    if (allowed.includes(value)) return value;
    const list = allowed.filter((each) => each !== undefined).map((each) => JSON.stringify(each))
      .join(", ");
    throw new TypeError(
      `Cannot create ${this.#created}: ${name} must be one of ${list}, received ` +
        received(value),
    );
  }

  /** The capacity of a ring. @throws {RangeError} unless it is a power of two in bounds. */
  ringBytes(bytes: number): number {
    const isPower = Number.isInteger(Math.log2(bytes));
    if (isPower && bytes >= MIN_RING_BYTES && bytes <= MAX_RING_BYTES) return bytes;
    throw new RangeError(
      `Cannot create ${this.#created}: ringBytes must be a power of two from ${MIN_RING_BYTES} ` +
        `to ${MAX_RING_BYTES}, received ${bytes}`,
    );
  }

  /**
   * What a policy puts aside has somewhere to go, and nothing else does.
   *
   * @throws {TypeError} when the policy is `puts` and there is no target of that name, the other
   *   way round, or when the target is nothing that can take it.
   */
  target(option: string, { policy, puts, name, target }: TargetCheck): void {
    if ((policy === puts) !== (target !== undefined)) {
      throw new TypeError(
        `Cannot create ${this.#created}: ${option}: "${puts}" and the option ${name} (a ` +
          `publisher or a callback) go together, received ${option} ${JSON.stringify(policy)} ` +
          `and ${name} ${target === undefined ? "undefined" : "given"}`,
      );
    }
    if (target === undefined || typeof target === "function") return;
    if (typeof (Object(target) as Partial<Publisher>).publish === "function") return;
    throw new TypeError(
      `Cannot create ${this.#created}: ${name} must be a publisher or a callback, received ` +
        (target === null ? "null" : typeof target),
    );
  }
}
