import type { Runtime } from "../../../runtime/runtime.ts";
import { type Link, LinkError } from "../client/link.ts";
import type { WireRequest } from "../wire/apis.ts";
import { WireReader } from "../wire/wire_reader.ts";
import type {
  PlatformaticConnection,
  PlatformaticPackage,
  PlatformaticReader,
} from "./platformatic_package.ts";

const EMPTY = new Uint8Array(0);

/** A connection of `@platformatic/kafka` that carries our own requests. */
export class PlatformaticLink implements Link {
  readonly address: string;
  readonly #connection: PlatformaticConnection;
  readonly #writer: PlatformaticPackage["Writer"];
  readonly #runtime: Runtime;
  readonly #ending = new Set<(error: LinkError) => void>();
  #closing: Promise<void> | undefined;

  /** A connection that is made. */
  constructor(
    connection: PlatformaticConnection,
    { address, writer, runtime }: {
      address: string;
      writer: PlatformaticPackage["Writer"];
      runtime: Runtime;
    },
  ) {
    this.#connection = connection;
    this.address = address;
    this.#writer = writer;
    this.#runtime = runtime;
    connection.on("close", () => void this.close());
  }

  get isOpen(): boolean {
    return this.#closing === undefined && this.#connection.isConnected();
  }

  async send<Answer>(request: WireRequest<Answer>, timeoutMs: number): Promise<Answer> {
    if (!this.isOpen) throw this.#ended();
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
    this.#ending.add(reject);
    const { api, body, isAnswered } = request;
    const write = () => {
      const writer = this.#writer.create();
      for (const piece of body) writer.append(piece);
      writer.context.noResponse = !isAnswered;
      return writer;
    };
    const read = (_id: number, _key: number, _version: number, reader: PlatformaticReader) =>
      reader.buffer.buffer;
    this.#connection.send(
      api.key,
      api.version,
      write,
      read,
      api.isFlexible,
      false,
      (error, answer) =>
        error === null ? resolve(isAnswered ? answer! : EMPTY) : reject(this.#ended()),
    );
    const late = `did not answer within ${timeoutMs} ms`;
    const cancel = this.#runtime.after(timeoutMs, () => {
      reject(new LinkError(this.address, late, { isLate: true }));
      void this.close();
    });
    try {
      const { buffer, byteOffset, byteLength } = await promise;
      const bytes = new Uint8Array(buffer, byteOffset, byteLength); // of a Buffer, slice() is a view
      return request.read(new WireReader(bytes, api.isFlexible));
    } finally {
      cancel();
      this.#ending.delete(reject);
    }
  }

  async close(): Promise<void> {
    return await (this.#closing ??= this.#close());
  }

  #ended(): LinkError {
    return new LinkError(this.address, "closed the connection");
  }

  async #close(): Promise<void> {
    for (const reject of this.#ending) reject(this.#ended());
    await hangUp(this.#connection);
  }
}

/** Ends a connection, and waits until its socket is gone. */
export async function hangUp(connection: PlatformaticConnection): Promise<void> {
  const { socket } = connection;
  const { promise, resolve } = Promise.withResolvers<void>();
  connection.close(() => {});
  if (socket === undefined || socket.destroyed) return;
  socket.once("close", resolve);
  socket.destroy();
  await promise;
}
