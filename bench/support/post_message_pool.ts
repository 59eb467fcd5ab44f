/** Options of a {@linkcode PostMessagePool}. */
export interface PoolOptions {
  readonly workers: number;
  /** Which function of `post_message_worker.ts` the workers run. */
  readonly work: string;
  /** Records per message. 1 posts each record by itself. */
  readonly batch: number;
  /** Accepted and unfinished records, at most. */
  readonly bufferSize: number;
}

/**
 * What a good programmer writes without a library: workers in turn, `postMessage`, the same calls
 * as `HiveStream`. A baseline, so it is kept as fast as it can be.
 */
export class PostMessagePool<In, Out> {
  readonly #workers: Worker[];
  readonly #options: PoolOptions;
  #batch: In[] = [];
  #results: Out[] = [];
  #head = 0;
  #unfinished = 0;
  #next = 0;
  #flushing = false;
  #room: (() => void) | undefined;
  #reader: ((result: Out) => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    const module = new URL("./post_message_worker.ts", import.meta.url);
    this.#workers = Array.from({ length: options.workers }, () => {
      const worker = new Worker(module, { type: "module" });
      worker.onmessage = ({ data }) => this.#take(data);
      worker.postMessage({ work: options.work, batch: options.batch });
      return worker;
    });
  }

  submit(value: In): Promise<void> | undefined {
    if (this.#unfinished >= this.#options.bufferSize) {
      return new Promise<void>((resolve) => this.#room = resolve).then(() => this.submit(value));
    }
    this.#unfinished++;
    if (this.#options.batch === 1) {
      this.#post(value);
      return undefined;
    }
    if (this.#batch.push(value) === this.#options.batch) this.#flush();
    else if (!this.#flushing) {
      this.#flushing = true;
      setTimeout(() => (this.#flushing = false, this.#flush()), 0);
    }
    return undefined;
  }

  getResult(): Promise<Out> {
    if (this.#head < this.#results.length) return Promise.resolve(this.#results[this.#head++]);
    this.#results = [];
    this.#head = 0;
    return new Promise((resolve) => this.#reader = resolve);
  }

  stop(): void {
    for (const worker of this.#workers) worker.terminate();
  }

  #flush(): void {
    if (this.#batch.length === 0) return;
    this.#post(this.#batch);
    this.#batch = [];
  }

  #post(message: unknown): void {
    this.#workers[this.#next].postMessage(message);
    this.#next = (this.#next + 1) % this.#workers.length;
  }

  #take(data: Out | Out[]): void {
    const results = this.#options.batch === 1 ? [data as Out] : data as Out[];
    this.#unfinished -= results.length;
    for (const result of results) this.#results.push(result);
    if (this.#reader && this.#results.length > this.#head) {
      const reader = this.#reader;
      this.#reader = undefined;
      reader(this.#results[this.#head++]);
    }
    this.#room?.();
    this.#room = undefined;
  }
}
