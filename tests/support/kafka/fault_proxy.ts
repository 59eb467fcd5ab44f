/**
 * Stands between Kafka's clients and a broker, understands where requests and answers begin, and does
 * to them what nets do.
 *
 * @module
 */
import { type KafkaBroker, type KafkaOptions, startKafka } from "./broker.ts";
import { freePort } from "./free_port.ts";

/** The numbers of some requests: see "Api Keys" in Kafka's protocol guide. */
export const API = {
  produce: 0,
  fetch: 1,
  listOffsets: 2,
  metadata: 3,
  offsetCommit: 8,
  offsetFetch: 9,
  findCoordinator: 10,
  joinGroup: 11,
  heartbeat: 12,
  syncGroup: 14,
  createTopics: 19,
  initProducerId: 22,
  addPartitionsToTxn: 24,
  addOffsetsToTxn: 25,
  endTxn: 26,
  txnOffsetCommit: 28,
} as const;

/** A kind of request. */
export type Api = keyof typeof API;

/** Where something goes wrong, once. */
export interface Fault {
  /** Which requests, or their answers. */
  readonly api: Api;
  /**
   * `"request"`: the broker gets its first `bytes` and the connection is cut; `"answer"`: the broker
   * has done it, and the client gets the first `bytes` of what it says before the connection is cut;
   * `"nothing"`: one bit of the answer is turned, `bytes` before its end.
   */
  readonly cut: "request" | "answer" | "nothing";
  /** How much of it passes, or follows. Default: 0. */
  readonly bytes?: number;
  /** How many such pass unharmed before. Default: 0. */
  readonly after?: number;
}

interface PendingFault extends Fault {
  left: number;
  readonly done: PromiseWithResolvers<void>;
}

interface Connection {
  readonly client: Deno.TcpConn;
  readonly broker: Deno.TcpConn;
  /** The kinds of requests that are not answered yet, by their numbers. */
  readonly asked: Map<number, number>;
}

const SIZE_BYTES = 4;

async function readExactly(from: Deno.TcpConn, bytes: Uint8Array): Promise<boolean> {
  for (let at = 0; at < bytes.length;) {
    const read = await from.read(bytes.subarray(at));
    if (read === null) return false;
    at += read;
  }
  return true;
}

async function writeAll(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await to.write(bytes.subarray(at));
}

/** A request or an answer with its size before it; `undefined` at the end. */
async function readFrame(from: Deno.TcpConn): Promise<Uint8Array | undefined> {
  const size = new Uint8Array(SIZE_BYTES);
  if (!await readExactly(from, size)) return undefined;
  const frame = new Uint8Array(SIZE_BYTES + new DataView(size.buffer).getInt32(0));
  frame.set(size);
  return await readExactly(from, frame.subarray(SIZE_BYTES)) ? frame : undefined;
}

function close({ client, broker }: Connection): void {
  for (const side of [client, broker]) {
    try {
      side.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }
}

/** A proxy in front of a broker that gives out the proxy's address as its own. */
export class FaultProxy implements AsyncDisposable {
  /** The port that clients come to. */
  readonly port: number;
  /** How long requests and answers are under way, ms. */
  delayMs = 0;
  readonly #listener: Deno.TcpListener;
  readonly #accepting: Promise<void>;
  readonly #connections = new Set<Connection>();
  readonly #work = new Set<Promise<void>>();
  readonly #faults: PendingFault[] = [];
  readonly #counts = new Map<number, number>();
  #to = 0;
  #thaw: PromiseWithResolvers<void> | undefined;

  /** Listens at a free port. */
  constructor() {
    this.port = freePort();
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: this.port });
    this.#accepting = this.#accept();
  }

  /** Its address. */
  get bootstrap(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Where requests go to from now on. */
  forwardTo(port: number): void {
    this.#to = port;
  }

  /** How many requests of a kind have come. */
  requests(api: Api): number {
    return this.#counts.get(API[api]) ?? 0;
  }

  /** Has something go wrong, once. Resolves when it has. */
  break(fault: Fault): Promise<void> {
    const done = Promise.withResolvers<void>();
    this.#faults.push({ ...fault, left: fault.after ?? 0, done });
    return done.promise;
  }

  /** Forwards nothing, and keeps connections open: as if a cable were out. */
  freeze(): void {
    this.#thaw ??= Promise.withResolvers();
  }

  /** Forwards again, what was held up first. */
  thaw(): void {
    this.#thaw?.resolve();
    this.#thaw = undefined;
  }

  /** Cuts all connections that there are. */
  cutAll(): void {
    for (const connection of this.#connections) close(connection);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.thaw();
    await this.#accepting;
    this.cutAll();
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const done = this.#join(client).finally(() => this.#work.delete(done));
        this.#work.add(done);
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  async #join(client: Deno.TcpConn): Promise<void> {
    let broker: Deno.TcpConn;
    try {
      broker = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    } catch {
      client.close(); // the broker is not there
      return;
    }
    const connection: Connection = { client, broker, asked: new Map() };
    this.#connections.add(connection);
    await Promise.all([this.#pump(connection, "request"), this.#pump(connection, "answer")]);
    this.#connections.delete(connection);
  }

  async #pump(connection: Connection, way: "request" | "answer"): Promise<void> {
    const { client, broker } = connection;
    const [from, to] = way === "request" ? [client, broker] : [broker, client];
    try {
      for (let frame; (frame = await readFrame(from)) !== undefined;) {
        const fault = this.#faultOf(connection, way, frame);
        if (this.delayMs > 0) await new Promise((done) => setTimeout(done, this.delayMs));
        while (this.#thaw !== undefined) await this.#thaw.promise;
        if (fault?.cut === "nothing") frame[frame.length - 1 - (fault.bytes ?? 0)] ^= 1;
        const isCut = fault !== undefined && fault.cut !== "nothing";
        await writeAll(to, frame.subarray(0, isCut ? fault.bytes ?? 0 : undefined));
        if (isCut) close(connection);
        fault?.done.resolve();
      }
    } catch {
      // one side is gone, so the other one goes too
    }
    close(connection);
  }

  /** Counts requests, and finds what is to happen to one or to its answer. */
  #faultOf(
    { asked }: Connection,
    way: "request" | "answer",
    frame: Uint8Array,
  ): PendingFault | undefined {
    const view = new DataView(frame.buffer, SIZE_BYTES);
    let api: number | undefined;
    if (way === "request") {
      api = view.getInt16(0);
      asked.set(view.getInt32(4), api);
      this.#counts.set(api, (this.#counts.get(api) ?? 0) + 1);
    } else {
      api = asked.get(view.getInt32(0));
      asked.delete(view.getInt32(0));
    }
    const at = this.#faults.findIndex((fault) =>
      (fault.cut === "request") === (way === "request") && API[fault.api] === api
    );
    if (at === -1 || this.#faults[at].left-- > 0) return undefined;
    return this.#faults.splice(at, 1)[0];
  }
}

/** A broker behind a proxy. */
export interface ProxiedKafka extends AsyncDisposable {
  readonly broker: KafkaBroker;
  readonly proxy: FaultProxy;
}

/** Starts a broker behind a proxy, whose address it gives out to those who come through it. */
export async function startProxiedKafka(options: KafkaOptions = {}): Promise<ProxiedKafka> {
  const proxy = new FaultProxy();
  try {
    const broker = await startKafka({ ...options, advertised: proxy.port });
    proxy.forwardTo(broker.ports.proxied!);
    const end = async () => {
      await proxy[Symbol.asyncDispose]();
      await broker[Symbol.asyncDispose]();
    };
    return { broker, proxy, [Symbol.asyncDispose]: end };
  } catch (error) {
    await proxy[Symbol.asyncDispose]();
    throw error;
  }
}
