/**
 * Connections within a test: bytes that wait at the other side are bounded, and nothing takes time.
 *
 * @module
 */
import type { TcpConnection, TcpListener, TcpNetwork } from "../../src/runtime/tcp.ts";

/** One direction: what was written and not read. */
class Pipe {
  readonly #capacity: number;
  #bytes: number[] = [];
  #isEnded = false;
  #changed = Promise.withResolvers<void>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#bytes.length === 0) {
      if (this.#isEnded) return null;
      await this.#changed.promise;
    }
    const part = this.#bytes.splice(0, into.length);
    into.set(part);
    this.#change();
    return part.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#bytes.length >= this.#capacity && !this.#isEnded) await this.#changed.promise;
    if (this.#isEnded) throw new Error("Broken pipe");
    const part = bytes.subarray(0, this.#capacity - this.#bytes.length);
    this.#bytes.push(...part);
    this.#change();
    return part.length;
  }

  end(): void {
    this.#isEnded = true;
    this.#change();
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** A net of one server, to which a test connects. */
export class MemoryTcp implements TcpNetwork {
  readonly #capacity: number;
  #waiting: TcpConnection[] = [];
  #isOpen = false;
  #changed = Promise.withResolvers<void>();

  /** A net whose connections hold so many bytes each way. */
  constructor(capacity = 1024) {
    this.#capacity = capacity;
  }

  listenTcp({ hostname, port }: { hostname: string; port: number }): TcpListener {
    this.#isOpen = true;
    return {
      hostname,
      port: port === 0 ? 1 : port,
      accept: async () => {
        while (this.#isOpen && this.#waiting.length === 0) await this.#changed.promise;
        return this.#waiting.shift();
      },
      close: () => {
        this.#isOpen = false;
        this.#change();
      },
    };
  }

  /** The client's end of a new connection. */
  connect(): TcpConnection {
    const [there, back] = [new Pipe(this.#capacity), new Pipe(this.#capacity)];
    const end = (read: Pipe, write: Pipe): TcpConnection => ({
      address: "127.0.0.1",
      read: (into) => read.read(into),
      write: (bytes) => write.write(bytes),
      // deno-lint-ignore require-await -- as of the process
      closeWrite: async () => write.end(),
      close: () => {
        there.end();
        back.end();
      },
    });
    this.#waiting.push(end(there, back));
    this.#change();
    return end(back, there);
  }

  #change(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}
