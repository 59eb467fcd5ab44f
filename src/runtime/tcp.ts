import type { ListenOptions } from "./network.ts";

/** Bytes to and from one peer. */
export interface TcpConnection {
  /** The address of the peer. */
  readonly address: string;
  /** Reads what has come into some memory; gives how many bytes, `null` when no more will come. */
  read(into: Uint8Array): Promise<number | null>;
  /** Writes some of the bytes; gives how many, when the peer's machine or this one has room. */
  write(bytes: Uint8Array): Promise<number>;
  /** Says that nothing more will be written; what comes can still be read. */
  closeWrite(): Promise<void>;
  /** Ends it at once: reads and writes that wait reject. */
  close(): void;
}

/** Hears connections until it is closed. */
export interface TcpListener {
  /** As it was asked for. */
  readonly hostname: string;
  /** The port that it has. */
  readonly port: number;
  /** The next connection; `undefined` when it is closed; rejects when one could not be taken. */
  accept(): Promise<TcpConnection | undefined>;
  /** Takes no more connections; those that there are go on. */
  close(): void;
}

/** The net as a server of connections sees it. */
export interface TcpNetwork {
  /** Hears connections; throws when the port cannot be had. */
  listenTcp(options: ListenOptions): TcpListener;
}

function connectionOf(tcp: Deno.TcpConn): TcpConnection {
  tcp.setNoDelay(true);
  return {
    address: tcp.remoteAddr.hostname,
    read: (into) => tcp.read(into),
    write: (bytes) => tcp.write(bytes),
    closeWrite: () => tcp.closeWrite(),
    close: () => {
      try {
        tcp.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error; // it is closed already
      }
    },
  };
}

class DenoTcp implements TcpNetwork {
  listenTcp({ hostname, port }: ListenOptions): TcpListener {
    const listener = Deno.listen({ hostname, port });
    let isOpen = true;
    return {
      hostname,
      port: listener.addr.port,
      accept: async () => {
        try {
          return isOpen ? connectionOf(await listener.accept()) : undefined;
        } catch (error) {
          if (isOpen) throw error;
          return undefined;
        }
      },
      close: () => {
        if (isOpen) listener.close();
        isOpen = false;
      },
    };
  }
}

/** Connections of the process. */
export const denoTcp: TcpNetwork = new DenoTcp();
