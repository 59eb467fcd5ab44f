/** What of a socket of `node:net` or `node:tls` is used. */
export interface PlatformaticSocket {
  destroy(error?: Error): void;
  readonly destroyed: boolean;
  once(event: "close" | "connect" | "secureConnect", listener: () => void): void;
  on(event: "data", listener: (bytes: Uint8Array) => void): void;
  listeners(event: "data"): ((bytes: Uint8Array) => void)[];
  removeAllListeners(event: "data"): void;
}

/** A request as it is written. */
export interface PlatformaticWriter {
  readonly context: { noResponse?: boolean };
  append(bytes: Uint8Array): this;
}

/** An answer as it came. */
export interface PlatformaticReader {
  readonly buffer: { readonly buffer: Uint8Array };
}

/** Calls back with an error, or `null` and a value. */
export type PlatformaticCallback<T> = (error: Error | null, value?: T) => void;

/** A connection of `@platformatic/kafka`. */
export interface PlatformaticConnection {
  readonly socket: PlatformaticSocket | undefined;
  isConnected(): boolean;
  on(event: "error" | "close", listener: (error?: Error) => void): void;
  connect(host: string, port: number, callback: PlatformaticCallback<void>): void;
  close(callback: PlatformaticCallback<void>): void;
  send<Answer>(
    apiKey: number,
    apiVersion: number,
    createPayload: () => PlatformaticWriter,
    parser: (
      correlationId: number,
      apiKey: number,
      apiVersion: number,
      reader: PlatformaticReader,
    ) => Answer,
    hasRequestHeaderTaggedFields: boolean,
    hasResponseHeaderTaggedFields: boolean,
    callback: PlatformaticCallback<Answer>,
  ): void;
}

/** What of npm:@platformatic/kafka is used, which the entry point hands in. */
export interface PlatformaticPackage {
  readonly Connection: new (
    clientId: string,
    options: Readonly<Record<string, unknown>>,
  ) => PlatformaticConnection;
  readonly Writer: { create(): PlatformaticWriter };
}
