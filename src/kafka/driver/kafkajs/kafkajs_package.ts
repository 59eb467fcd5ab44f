/** What of a socket of `node:net` or `node:tls` is used. */
export interface KafkajsSocket {
  write(bytes: Uint8Array, written?: (error?: Error | null) => void): boolean;
  cork(): void;
  uncork(): void;
  destroy(error?: Error): void;
  setNoDelay(on: boolean): void;
  readonly destroyed: boolean;
  on(event: "error", listener: (error: Error & { code?: string }) => void): void;
  once(event: "close", listener: () => void): void;
}

/** What is connected to. */
export interface KafkajsSocketOptions {
  readonly host: string;
  readonly port: number;
  readonly ssl?: unknown;
  readonly onConnect: () => void;
}

/** Makes sockets. */
export type KafkajsSocketFactory = (options: KafkajsSocketOptions) => KafkajsSocket;

/** A request that waits for its answer. */
export interface KafkajsEntry {
  readonly apiKey: number;
  readonly apiName: string;
  readonly apiVersion: number;
  readonly correlationId: number;
  resolve(answer: { payload: Uint8Array | null }): void;
  reject(error: unknown): void;
}

/** A connection of kafkajs: its `src/network/connection.js`. */
export interface KafkajsConnection {
  readonly requestQueue: {
    push(request: {
      entry: KafkajsEntry;
      expectResponse: boolean;
      requestTimeout: number | null;
      sendRequest(): void;
    }): void;
    rejectAll(error: Error): void;
    destroy(): void;
    scheduleCheckPendingRequests(): void;
  };
  /** Bytes of the answer that has begun to come, its length included. */
  readonly bytesNeeded: number;
  /** Takes what has come. */
  processData(bytes: Uint8Array): void;
  connect(): Promise<unknown>;
  disconnect(): Promise<unknown>;
  isConnected(): boolean;
  isAuthenticated(): boolean;
  authenticate(): Promise<void>;
  nextCorrelationId(): number;
  setVersions(versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>): void;
  setSupportAuthenticationProtocol(isSupported: boolean): void;
}

/** What of npm:kafkajs is used, which the entry point hands in. */
export interface KafkajsPackage {
  /** Its `src/network/connection.js`. */
  readonly Connection: new (options: Readonly<Record<string, unknown>>) => KafkajsConnection;
  /** Its `src/network/socketFactory.js`. */
  readonly socketFactory: () => KafkajsSocketFactory;
}
