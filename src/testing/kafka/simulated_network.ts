import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import type { SimulatedBroker } from "./broker.ts";
import type { SimulatedApi, SimulatedFault, SimulatedFaults } from "./faults.ts";
import { hostOf } from "./served_cluster.ts";
import type { SimulatedLink } from "./simulated_link.ts";

/** The way between clients and simulated brokers, on which things go wrong. */
export class SimulatedNetwork {
  readonly broker: SimulatedBroker;
  readonly latencyMs: number;
  /** What goes wrong from now on. */
  faults: SimulatedFaults = () => undefined;
  /** All connections. */
  readonly links = new Set<SimulatedLink>();
  readonly #runtime: Runtime;
  #isUp = true;
  #requests = 0;

  /** All is well. */
  constructor(runtime: Runtime, broker: SimulatedBroker, latencyMs: number) {
    this.#runtime = runtime;
    this.broker = broker;
    this.latencyMs = latencyMs;
  }

  /** Whether brokers can be reached. */
  get isUp(): boolean {
    return this.#isUp;
  }

  /** Ends all connections, and lets nobody in until `start()`. */
  stop(): void {
    this.#isUp = false;
    for (const link of [...this.links]) link.cut();
  }

  /** Lets clients in again. */
  start(): void {
    this.#isUp = true;
  }

  /** What goes wrong with a request that is made now. */
  fault(api: SimulatedApi, clientId: string, about: string): SimulatedFault {
    const [number, atMs] = [++this.#requests, this.#runtime.monotonicMs()];
    return this.faults({ api, clientId, about, number, atMs }) ?? {};
  }

  /** Resolves after a time; at once where it takes none: a clock that stands still stops nobody. */
  async pass(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms > 0) await delay(this.#runtime, ms, signal);
  }

  /** Which broker is at an address: the first, where it is none that a broker has told. */
  nodeAt(address: string): number {
    return this.broker.nodes.find((node) => address.startsWith(`${hostOf(node)}:`)) ?? 1;
  }
}
