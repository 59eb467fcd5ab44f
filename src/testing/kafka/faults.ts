import type { Runtime } from "../../runtime/runtime.ts";
import { BrokerRefusal, LostConnection } from "./broker_answer.ts";

/** What a broker can be asked for. */
export type SimulatedApi =
  | "metadata"
  | "createTopics"
  | "listOffsets"
  | "produce"
  | "fetch"
  | "initProducer"
  | "addPartitions"
  | "sendOffsets"
  | "endTransaction"
  | "join"
  | "sync"
  | "heartbeat"
  | "leave"
  | "commit"
  | "committed";

/** A request to a broker of a {@linkcode SimulatedKafka}. */
export interface SimulatedRequest {
  /** What it asks for. */
  readonly api: SimulatedApi;
  /** Who asks: the `clientId` of the connection. */
  readonly clientId: string;
  /** The how manieth request it is, from 1. */
  readonly number: number;
  /** When, on the runtime's clock that never goes back, ms. */
  readonly atMs: number;
  /** What it is about: `topic/partition` of a produce, the group, the transactional id. */
  readonly about: string;
}

/** What goes wrong with a request; several can at once. */
export interface SimulatedFault {
  /** It takes so much longer to reach the broker, ms. The sender may have given up by then. */
  readonly requestDelayMs?: number;
  /** The answer takes so much longer, ms. */
  readonly answerDelayMs?: number;
  /** The connection ends before the broker has heard it, or when it has done it. */
  readonly lose?: "request" | "answer";
  /** Whether nobody is told of what is lost, so that the sender waits in vain. Default false. */
  readonly silent?: boolean;
  /** One of Kafka's error codes, such as `"NOT_LEADER_OR_FOLLOWER"`, in the place of the answer. */
  readonly error?: string;
  /** Whether it is done all the same. Default false. */
  readonly done?: boolean;
}

/** Decides what goes wrong with a request; `undefined`: nothing. */
export type SimulatedFaults = (request: SimulatedRequest) => SimulatedFault | undefined;

/** A request that is made. */
export interface Call<T> {
  readonly api: SimulatedApi;
  readonly clientId: string;
  readonly about: string;
  /** How long the sender waits, ms. */
  readonly timeoutMs: number;
  /** What the broker does. */
  readonly work: () => T | Promise<T>;
  readonly signal?: AbortSignal;
}

/** The way between clients and brokers, on which things go wrong. */
export class SimulatedNetwork {
  readonly #runtime: Runtime;
  readonly #latencyMs: number;
  /** What goes wrong from now on. */
  faults: SimulatedFaults = () => undefined;
  #isUp = true;
  #requests = 0;
  readonly #waiting = new Set<(error: Error) => void>();

  /** All is well. */
  constructor(runtime: Runtime, latencyMs: number) {
    this.#runtime = runtime;
    this.#latencyMs = latencyMs;
  }

  /** Whether brokers can be reached. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Ends all connections, and lets nobody in until `start()`. */
  stop(): void {
    this.#isUp = false;
    const ended = new LostConnection("the connection ended", false);
    for (const fail of [...this.#waiting]) fail(ended);
  }

  /** Lets clients in again. */
  start(): void {
    this.#isUp = true;
  }

  /** Asks a broker, and waits for its answer. */
  call<T>(call: Call<T>): Promise<T> {
    const { api, clientId, about, timeoutMs, signal } = call;
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const end = () => {
      cancel();
      this.#waiting.delete(fail);
      signal?.removeEventListener("abort", abort);
    };
    const fail = (error: unknown) => {
      end();
      reject(error);
    };
    const abort = () => fail(signal?.reason);
    const answer = (value: T) => {
      end();
      resolve(value);
    };
    const silent = () => fail(new LostConnection(`no answer within ${timeoutMs} ms`, false));
    const cancel = this.#runtime.after(timeoutMs, silent, { background: true });
    this.#waiting.add(fail);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) abort();
    const request = { api, clientId, about, number: ++this.#requests, atMs: this.#nowMs() };
    this.#deliver(call, this.faults(request) ?? {}, answer, fail);
    return promise;
  }

  #nowMs(): number {
    return this.#runtime.monotonicMs();
  }

  /** What takes no time is done at once, so that a clock that stands still stops nobody. */
  #after(ms: number, callback: () => void): void {
    if (ms <= 0) callback();
    else this.#runtime.after(ms, callback, { background: true });
  }

  #deliver<T>(
    { work }: Call<T>,
    fault: SimulatedFault,
    answer: (value: T) => void,
    fail: (error: unknown) => void,
  ): void {
    const lost = (isUnheard: boolean) => {
      if (!fault.silent) fail(new LostConnection("the connection ended", isUnheard));
    };
    const back = (tell: () => void) => {
      const told = fault.lose === "answer" ? () => lost(false) : tell;
      this.#after(this.#latencyMs + (fault.answerDelayMs ?? 0), told);
    };
    const arrive = () => {
      if (!this.#isUp) return fail(new LostConnection("the broker cannot be reached", true));
      if (fault.lose === "request") return lost(true);
      const { error } = fault;
      const refuse = () => back(() => fail(new BrokerRefusal(error!)));
      if (error !== undefined && !fault.done) return refuse();
      Promise.try(work).then(
        (value) => error === undefined ? back(() => answer(value)) : refuse(),
        (refusal) => back(() => fail(refusal)),
      );
    };
    this.#after(this.#latencyMs + (fault.requestDelayMs ?? 0), arrive);
  }
}
