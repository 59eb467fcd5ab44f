/**
 * Stands between a client and a server, and cuts connections where it is told to.
 *
 * @module
 */

/** A connection through the proxy. */
interface Pair {
  readonly client: Deno.TcpConn;
  readonly server: Deno.TcpConn;
  /** Bytes that the client has sent so far, and the server. */
  up: number;
  down: number;
}

/** Where connections are cut. */
export interface Cut {
  /** After so many bytes of the client, or of the server. */
  readonly up?: number;
  readonly down?: number;
}

/** Forwards bytes both ways. */
export class TcpProxy implements AsyncDisposable {
  readonly #listener: Deno.TcpListener;
  readonly #to: number;
  readonly #pairs = new Set<Pair>();
  readonly #work = new Set<Promise<unknown>>();
  readonly #accepting: Promise<void>;
  #cuts: Cut[] = [];
  /** Connections that were cut in the middle. */
  cut = 0;

  /** A proxy in front of a port of this machine. */
  constructor(to: number) {
    this.#to = to;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accepting = this.#accept();
  }

  get uri(): string {
    return `ws://127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Cuts the next connections, each at its place. */
  cutNext(...cuts: readonly Cut[]): void {
    this.#cuts.push(...cuts);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    await this.#accepting;
    for (const pair of this.#pairs) end(pair);
    await Promise.all(this.#work);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) this.#track(this.#join(client));
    } catch {
      // it was closed
    }
  }

  #track(work: Promise<unknown>): void {
    const done = work.finally(() => this.#work.delete(done));
    this.#work.add(done);
  }

  async #join(client: Deno.TcpConn): Promise<void> {
    const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    const pair: Pair = { client, server, up: 0, down: 0 };
    const cut = this.#cuts.shift() ?? {};
    this.#pairs.add(pair);
    await Promise.all([
      this.#forward(pair, client, server, (bytes) => pair.up += bytes, cut.up),
      this.#forward(pair, server, client, (bytes) => pair.down += bytes, cut.down),
    ]);
    end(pair);
    this.#pairs.delete(pair);
  }

  async #forward(
    pair: Pair,
    from: Deno.TcpConn,
    to: Deno.TcpConn,
    count: (bytes: number) => number,
    most = Infinity,
  ): Promise<void> {
    const buffer = new Uint8Array(65_536);
    try {
      for (let sent = 0;;) {
        const read = await from.read(buffer);
        if (read === null) break;
        const part = buffer.subarray(0, Math.min(read, most - sent));
        for (let at = 0; at < part.length;) at += await to.write(part.subarray(at));
        sent = count(part.length);
        if (sent < most) continue;
        this.cut++;
        break;
      }
    } catch {
      // one side is gone, so the other one goes too
    }
    end(pair);
  }
}

function end({ client, server }: Pair): void {
  for (const side of [client, server]) {
    try {
      side.close();
    } catch {
      // it was closed before
    }
  }
}
