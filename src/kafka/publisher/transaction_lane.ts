import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { Appended, RecordBlock, Sink, Txn } from "../driver/driver.ts";
import { Abortable, Fenced, KafkaError, UnknownOutcome } from "../driver/kafka_error.ts";
import type { Delivery } from "./delivery.ts";
import { publishingError } from "./delivery_error.ts";
import type { Lane } from "./lane.ts";
import type { Outbox } from "./outbox.ts";

/** What a {@linkcode TransactionLane} goes by. */
export interface TransactionLaneOptions {
  /** For messages. */
  readonly topic: string;
  /** How long a transaction takes at most before it is committed, ms. */
  readonly intervalMs: number;
  /** How long nothing was published when it is committed sooner, ms. */
  readonly lingerMs: number;
  /** The world. */
  readonly runtime: Runtime;
  /** Opens a transactional sink. */
  openSink(): Promise<Sink>;
  /** What sends over it. */
  readonly outbox: () => Outbox;
  /** Calls back when no delivery is encoded in part. */
  turn(work: () => void): void;
}

/** Sends blocks in transactions; a delivery is in one of them with all of its records. */
export class TransactionLane implements Lane {
  readonly #options: TransactionLaneOptions;
  #state: "none" | "beginning" | "open" | "ending" = "none";
  #sink: Sink | undefined;
  #txn: Txn | undefined;
  /** Whose records were sent in the transaction. */
  #members = new Set<Delivery>();
  #underWay = new Set<Promise<unknown>>();
  #isDoomed = false;
  #fenced: KafkaError | undefined;
  #cancelInterval: Cancel | undefined;
  #cancelQuiet: Cancel | undefined;
  #changing: Promise<void> = Promise.resolve();

  /** Without a transaction yet. */
  constructor(options: TransactionLaneOptions) {
    this.#options = options;
  }

  get isOpen(): boolean {
    return this.#state === "open";
  }

  /** Begins a transaction. */
  wanted(): void {
    if (this.#state !== "none") return;
    this.#state = "beginning";
    this.#changing = this.#begin();
  }

  send(block: RecordBlock, of: readonly Delivery[]): Promise<Appended> {
    for (const delivery of of) this.#members.add(delivery);
    const sent = this.#txn!.send(block);
    const settled = sent.catch((error) => this.#doom(error, of));
    this.#underWay.add(settled);
    settled.then(() => this.#underWay.delete(settled));
    return sent;
  }

  /** It is delivered when its transaction is committed. */
  completed(): void {}

  /** Commits when nothing more comes for a while. */
  idle(): void {
    if (this.#state !== "open") return;
    const { lingerMs, outbox, runtime, turn } = this.#options;
    const conclude = () => turn(() => this.conclude());
    if (outbox().isUrgent || lingerMs === 0) return conclude();
    this.#cancelQuiet?.();
    this.#cancelQuiet = runtime.after(lingerMs, () => outbox().isIdle && conclude());
  }

  conclude(): void {
    if (this.#state !== "open") return;
    this.#options.outbox().pump(true); // whatever is encoded is of whole deliveries
    this.#changing = this.#end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#state === "open") this.#changing = this.#end();
    await this.#changing;
    await this.#drop();
  }

  async #begin(): Promise<void> {
    try {
      if (this.#fenced) throw this.#fenced;
      this.#sink ??= await this.#options.openSink();
      this.#txn = await this.#sink.begin();
    } catch (error) {
      await this.#drop();
      this.#notice(error);
      this.#state = "none";
      return this.#fail(this.#options.outbox().discard(), error, "none of its records was sent");
    }
    this.#isDoomed = false;
    this.#state = "open";
    const { intervalMs, outbox, runtime, turn } = this.#options;
    this.#cancelInterval = runtime.after(intervalMs, () => turn(() => this.conclude()));
    outbox().pump(true);
    if (outbox().isIdle) this.idle(); // they were given up meanwhile
  }

  /** Commits, or aborts what is doomed. */
  async #end(): Promise<void> {
    this.#state = "ending";
    this.#cancelInterval?.();
    this.#cancelQuiet?.();
    while (this.#underWay.size > 0) await Promise.all(this.#underWay);
    const members = this.#members;
    this.#members = new Set();
    if (this.#isDoomed) await this.#abort();
    else await this.#commit(members);
    this.#txn = undefined;
    this.#state = "none";
    if (this.#options.outbox().hasPending) this.wanted();
  }

  async #commit(members: ReadonlySet<Delivery>): Promise<void> {
    const { topic } = this.#options;
    try {
      await this.#txn!.commit();
      for (const delivery of members) delivery.end(topic);
    } catch (error) {
      this.#notice(error);
      if (error instanceof Abortable) await this.#abort();
      else await this.#drop();
      if (error instanceof UnknownOutcome) return this.#leaveOpen(members, error);
      const retriable = error instanceof Abortable ? true : undefined;
      const rest = "its transaction was aborted, and none of its records counts";
      this.#fail(members, error, rest, retriable);
    }
  }

  /** Aborts what cannot be committed any more; whose it is may publish again at once. */
  #doom(error: unknown, guilty: readonly Delivery[]): void {
    this.#notice(error);
    this.#isDoomed = true;
    const waiting = this.#state === "open" ? this.#options.outbox().discard() : [];
    const rest = "its transaction is aborted, and none of its records counts";
    const retriable = error instanceof UnknownOutcome ? true : undefined;
    this.#fail(guilty, error, rest, retriable);
    this.#fail([...this.#members, ...waiting], error, `${rest} though it was not at fault`, true);
    if (this.#state === "open") this.#changing = this.#end();
  }

  /** What went wrong on the way with a delivery that is encoded in part: it cannot be whole. */
  spoil(error: unknown, delivery: Delivery): void {
    if (this.#state === "open") return this.#doom(error, [delivery]);
    const waiting = this.#options.outbox().discard();
    if (!delivery.isOver) delivery.fail(error);
    const rest = "none of its records was sent, for one of the same transaction cannot be";
    this.#fail(waiting, error, rest, true);
  }

  async #abort(): Promise<void> {
    try {
      await this.#txn!.abort();
    } catch (error) {
      this.#notice(error);
      await this.#drop(); // the next one aborts it before it begins
    }
  }

  #fail(
    deliveries: Iterable<Delivery>,
    error: unknown,
    rest: string,
    retriable?: boolean,
  ): void {
    const isForGood = error instanceof Fenced;
    const may = retriable ?? (error instanceof KafkaError && error.retriable);
    const options = { retriable: !isForGood && may };
    const all = publishingError(this.#options.topic, error, rest, options);
    for (const delivery of deliveries) if (!delivery.isOver) delivery.fail(all);
  }

  /** Published again they would come twice, against what transactions are for. */
  #leaveOpen(members: ReadonlySet<Delivery>, error: unknown): void {
    const rest = "nobody can say whether its transaction was committed: published again, its " +
      "records may come twice; read the topic's end to find out";
    const { topic } = this.#options;
    const all = publishingError(topic, error, rest, { retriable: false });
    for (const delivery of members) delivery.fail(all);
  }

  #notice(error: unknown): void {
    if (error instanceof Fenced) this.#fenced ??= error;
  }

  async #drop(): Promise<void> {
    const sink = this.#sink;
    this.#sink = undefined;
    await sink?.[Symbol.asyncDispose]().then(undefined, () => {}); // it is of no use any more
  }
}
