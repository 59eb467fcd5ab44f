import { splitBlock } from "../../records/split_block.ts";
import { PartlySent, type SentPart } from "../kafka_error.ts";
import { type Entry, isNumbered, sequenceAfter } from "./entry.ts";

/**
 * A block that is larger than its topic takes as two, with the places and the numbers that it had; it
 * comes to an end when both have.
 */
export function splitEntry(entry: Entry): readonly [Entry, Entry] {
  const [first, second] = splitBlock(entry.block);
  const whole = new JointOutcome(entry);
  const { sequence, ordinal } = entry;
  const span = entry.span / 2;
  const fresh = { isUncertain: false, isSealed: false, isSettled: false, parts: undefined };
  return [
    { ...entry, ...fresh, ...whole.part(0, first.records), block: first, span },
    {
      ...{ ...entry, ...fresh, ...whole.part(1, second.records), block: second, span },
      order: entry.order + span,
      ...(isNumbered(entry) && {
        sequence: sequenceAfter(sequence, first.records),
        ordinal: ordinal + 1,
      }),
    },
  ];
}

/** What becomes of a block by what becomes of its halves. */
class JointOutcome {
  readonly #whole: Entry;
  readonly #parts: (readonly SentPart[] | undefined)[] = [undefined, undefined];
  #baseOffset = -1;

  constructor(whole: Entry) {
    this.#whole = whole;
  }

  /** How one of them is told of its end. */
  part(at: number, records: number): Pick<Entry, "resolve" | "reject"> {
    return {
      resolve: ({ baseOffset }) => {
        if (at === 0) this.#baseOffset = baseOffset;
        this.#ended(at, [{ records }]);
      },
      reject: (error) => {
        this.#ended(at, error instanceof PartlySent ? error.parts : [{ records, error }]);
      },
    };
  }

  #ended(at: number, parts: readonly SentPart[]): void {
    this.#parts[at] = parts;
    const [first, second] = this.#parts;
    if (!first || !second) return;
    const all = [...first, ...second];
    if (all.every(({ error }) => error === undefined)) {
      return this.#whole.resolve({ baseOffset: this.#baseOffset });
    }
    const [{ error }] = all;
    const kindOf = (error: unknown) => error === undefined ? undefined : Object(error).constructor;
    const isAlike = all.every((part) => kindOf(part.error) === kindOf(error));
    this.#whole.reject(isAlike ? error : new PartlySent(all));
  }
}
