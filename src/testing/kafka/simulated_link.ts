import { concatBytes } from "../../batch/concat_bytes.ts";
import { type Dialer, DialError, type Link, LinkError } from "../../kafka/driver/client/link.ts";
import { type Api, APIS, type WireRequest } from "../../kafka/driver/wire/apis.ts";
import { WireReader } from "../../kafka/driver/wire/wire_reader.ts";
import { WireWriter } from "../../kafka/driver/wire/wire_writer.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { SimulatedFault } from "./faults.ts";
import type { Asker, Exchange, Reply } from "./served.ts";
import { serveCreateTopics, serveFindCoordinator, serveMetadata } from "./served_cluster.ts";
import { serveEpochEnds, serveFetch, serveListOffsets, serveProduce } from "./served_data.ts";
import {
  serveCommit,
  serveCommitted,
  serveHeartbeat,
  serveJoin,
  serveLeave,
  serveSync,
} from "./served_groups.ts";
import {
  serveAddOffsets,
  serveAddPartitions,
  serveEndTransaction,
  serveInitProducer,
  serveSendOffsets,
} from "./served_transactions.ts";
import type { SimulatedNetwork } from "./simulated_network.ts";

const SERVED: ReadonlyMap<Api, (reader: WireReader) => Exchange> = new Map<
  Api,
  (reader: WireReader) => Exchange
>([
  [APIS.produce, serveProduce],
  [APIS.fetch, serveFetch],
  [APIS.listOffsets, serveListOffsets],
  [APIS.offsetForLeaderEpoch, serveEpochEnds],
  [APIS.metadata, serveMetadata],
  [APIS.createTopics, serveCreateTopics],
  [APIS.findCoordinator, serveFindCoordinator],
  [APIS.joinGroup, serveJoin],
  [APIS.syncGroup, serveSync],
  [APIS.heartbeat, serveHeartbeat],
  [APIS.leaveGroup, serveLeave],
  [APIS.offsetCommit, serveCommit],
  [APIS.offsetFetch, serveCommitted],
  [APIS.initProducerId, serveInitProducer],
  [APIS.addPartitionsToTxn, serveAddPartitions],
  [APIS.addOffsetsToTxn, serveAddOffsets],
  [APIS.txnOffsetCommit, serveSendOffsets],
  [APIS.endTxn, serveEndTransaction],
]);

/** What a broker writes for an answer, behind its correlation id. */
function written(reply: Reply, { isFlexible }: Api): Uint8Array {
  const writer = new WireWriter(isFlexible);
  writer.end(); // the tags of a flexible answer's header
  reply(writer);
  writer.end();
  return concatBytes(writer.pieces()).slice();
}

/** Makes connections to simulated brokers. */
export class SimulatedDialer implements Dialer {
  readonly #network: SimulatedNetwork;
  readonly #clientId: string;
  readonly #runtime: Runtime;

  /** For a client. */
  constructor(network: SimulatedNetwork, clientId: string, runtime: Runtime) {
    this.#network = network;
    this.#clientId = clientId;
    this.#runtime = runtime;
  }

  async dial(address: string, { signal }: { signal?: AbortSignal } = {}): Promise<Link> {
    const network = this.#network;
    const fault = network.fault("connect", this.#clientId, address);
    await network.pass(2 * network.latencyMs + (fault.answerDelayMs ?? 0), signal);
    if (!network.isUp || fault.lose !== undefined || fault.error !== undefined) {
      throw new DialError("cannot be reached", { isPassing: true });
    }
    const link = new SimulatedLink(address, network, this.#runtime, this.#clientId);
    network.links.add(link);
    return link;
  }
}

/**
 * A connection to a simulated broker, which does what it is asked in the order in which that comes,
 * one request after the other.
 */
export class SimulatedLink implements Link {
  readonly address: string;
  readonly #network: SimulatedNetwork;
  readonly #runtime: Runtime;
  readonly #asker: Asker;
  readonly #waiting = new Set<(error: Error) => void>();
  #isOpen = true;
  /** Whether nothing comes through any more, either way. */
  #isCut = false;
  #served: Promise<unknown> = Promise.resolve();
  #answered: Promise<unknown> = Promise.resolve();

  /** A connection of a client. */
  constructor(address: string, network: SimulatedNetwork, runtime: Runtime, clientId: string) {
    this.address = address;
    this.#network = network;
    this.#runtime = runtime;
    this.#asker = { broker: network.broker, node: network.nodeAt(address), clientId };
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  async send<Answer>(request: WireRequest<Answer>, timeoutMs: number): Promise<Answer> {
    if (!this.#isOpen) throw new LinkError(this.address, "closed the connection");
    const { api, isAnswered } = request;
    // What is written on the wire is the broker's, whatever the sender does with its memory.
    const body = concatBytes(request.body).slice();
    const exchange = SERVED.get(api)!(new WireReader(body, api.isFlexible));
    const answered = this.#exchange(exchange, api);
    if (!isAnswered) {
      answered.catch(() => {});
      return request.read(new WireReader(new Uint8Array(0), false));
    }
    const bytes = await this.#waitFor(answered, timeoutMs);
    return request.read(new WireReader(bytes, api.isFlexible));
  }

  close(): Promise<void> {
    this.#end(new LinkError(this.address, "closed the connection"));
    return Promise.resolve();
  }

  /** The broker ends it: what was not heard yet is lost. */
  cut(): void {
    this.#isCut = true;
    this.#end(new LinkError(this.address, "closed the connection"));
  }

  #end(error: Error): void {
    this.#isOpen = false;
    this.#network.links.delete(this);
    for (const fail of [...this.#waiting]) fail(error);
  }

  async #waitFor(answered: Promise<Uint8Array>, timeoutMs: number): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#waiting.add(reject);
    answered.then(resolve, reject);
    const cancel = this.#runtime.after(timeoutMs, () => {
      const late = `did not answer within ${timeoutMs} ms`;
      this.#end(new LinkError(this.address, late, { isLate: true }));
    });
    try {
      return await promise;
    } finally {
      cancel();
      this.#waiting.delete(reject);
    }
  }

  /** Resolves with the answer, when there is one. */
  #exchange(exchange: Exchange, api: Api): Promise<Uint8Array> {
    const { latencyMs } = this.#network;
    const fault = this.#network.fault(exchange.api, this.#asker.clientId, exchange.about);
    const arrives = this.#network.pass(latencyMs + (fault.requestDelayMs ?? 0));
    const reply = this.#served.then(() => arrives).then(() => this.#serve(exchange, fault));
    this.#served = reply.catch(() => {});
    const comes = reply.then(async (reply) => {
      await this.#network.pass(latencyMs + (fault.answerDelayMs ?? 0));
      return reply;
    });
    const answer = Promise.all([comes, this.#answered]).then(([reply]) => {
      if (fault.lose === "answer") this.#lose(fault);
      if (this.#isCut) return new Promise<never>(() => {});
      const bytes = written(reply, api);
      return fault.damage?.(bytes) ?? bytes;
    });
    this.#answered = answer.catch(() => {});
    return answer;
  }

  /** Does a request, unless it is lost on the way. */
  async #serve(exchange: Exchange, fault: SimulatedFault): Promise<Reply> {
    if (fault.lose === "request") this.#lose(fault);
    if (this.#isCut) return await new Promise<never>(() => {});
    const { error, done = false } = fault;
    if (error !== undefined && !done) return exchange.refuse(error);
    const reply = await exchange.work(this.#asker);
    return error === undefined ? reply : exchange.refuse(error);
  }

  #lose({ silent = false }: SimulatedFault): void {
    this.#isCut = true;
    if (!silent) this.cut();
  }
}
