import type { ClosingRecord, Closings } from "./closings.ts";

interface Session {
  start: number;
  end: number;
}

/** Sessions of each key by times alone: from a record to a gap after the last one. */
export class OpenSessions implements Closings {
  /** Only the windows themselves know. */
  readonly late = undefined;
  readonly #gap: number;
  readonly #touch: boolean;
  readonly #sessions = new Map<string | null, Session[]>();
  /** Keys with a session that ends at a time. */
  readonly #ending = new Map<number, Set<string | null>>();
  /** Times at which sessions end or would have ended, ascending, ms. */
  #ends: number[] = [];
  #count = 0;

  /** No records yet; `touch`: records exactly a gap apart are of one session. */
  constructor(gap: number, { touch }: { readonly touch: boolean }) {
    this.#gap = gap;
    this.#touch = touch;
  }

  /** Sessions that are open, of all keys. */
  get count(): number {
    return this.#count;
  }

  /** The greatest end of an open session, ms; `-Infinity` without one. */
  get lastEnd(): number {
    return this.#ends.at(-1) ?? -Infinity;
  }

  /**
   * A record has come; it is in no session when its own would have ended, and touches none. By rules
   * that then leave out one that touches some (`sessionLateBy`) no session ends at another time.
   */
  add({ time, key, before }: ClosingRecord): boolean {
    const sessions = this.#sessions.get(key) ?? [];
    let { start, end }: Session = { start: time, end: time + this.#gap };
    const apart: Session[] = [];
    for (const each of sessions) {
      const distance = Math.max(each.start - end, start - each.end);
      if (this.#touch ? distance > 0 : distance >= 0) apart.push(each);
      else [start, end] = [Math.min(start, each.start), Math.max(end, each.end)];
    }
    if (end <= before) return false;
    for (const each of sessions) if (!apart.includes(each)) this.#remove(key, each);
    this.#sessions.set(key, [...apart, { start, end }]);
    this.#put(key, end);
    return false;
  }

  /** Ends sessions by a watermark; `undefined`: none has ended. */
  close(watermark: number): number | undefined {
    let due = 0;
    while (this.#ends[due] <= watermark) due++;
    let any = false;
    for (const end of this.#ends.splice(0, due)) {
      for (const key of this.#ending.get(end)!) {
        any = true;
        this.#drop(key, end);
      }
      this.#ending.delete(end);
    }
    return any ? watermark : undefined;
  }

  #drop(key: string | null, end: number): void {
    this.#count--;
    const left = this.#sessions.get(key)!.filter((each) => each.end !== end);
    if (left.length > 0) this.#sessions.set(key, left);
    else this.#sessions.delete(key);
  }

  #put(key: string | null, end: number): void {
    this.#count++;
    const keys = this.#ending.get(end);
    if (keys) return void keys.add(key);
    this.#ending.set(end, new Set([key]));
    let at = this.#ends.length;
    while (at > 0 && this.#ends[at - 1] > end) at--;
    this.#ends.splice(at, 0, end);
  }

  #remove(key: string | null, { end }: Session): void {
    this.#count--;
    this.#ending.get(end)!.delete(key);
  }
}
