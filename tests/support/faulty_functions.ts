/** What the function of a worker-fault test does with a record of its own accord. */
export type Fault = "none" | "throw" | "wait" | "loop" | "close" | "uncaught" | "pending";

/** A record of a worker-fault test. */
export interface FaultyRecord {
  readonly n: number;
  readonly fault: Fault;
}

const scope = self as unknown as { close(): void };

/** Does to its worker what the record says. */
export function faulty(record: FaultyRecord): number | Promise<number> {
  switch (record.fault) {
    case "none":
      return record.n;
    case "throw":
      throw new Error(`thrown for ${record.n}`);
    case "wait":
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      return -1;
    case "loop":
      while (record.n >= 0) { /* for ever */ }
      return -1;
    case "close":
      scope.close();
      return new Promise(() => {});
    case "uncaught":
      setTimeout(() => {
        throw new Error(`uncaught for ${record.n}`);
      }, 0);
      return new Promise(() => {});
    case "pending":
      return new Promise(() => {});
  }
}
