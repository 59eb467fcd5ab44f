/** What a connection is opened with. */
export interface ConnectOptions {
  /** Headers of the request that opens it. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Protocols that are offered, the favourite first. */
  readonly protocols?: readonly string[];
}

/** Where requests are heard. */
export interface ListenOptions {
  /** The name or address of an interface of this machine: `"127.0.0.1"` for itself alone. */
  readonly hostname: string;
  /** 0: one that is free. */
  readonly port: number;
}

/** Hears requests until it is closed. */
export interface Listener {
  /** As it was asked for. */
  readonly hostname: string;
  /** The port that it has. */
  readonly port: number;
  /** Takes no more connections; resolves when the requests under way have been answered. */
  close(): Promise<void>;
}

/** Answers a request; what it throws is told to the client as nothing more than a failure (500). */
export type RequestHandler = (
  request: Request,
  from: { readonly address: string },
) => Response | Promise<Response>;

/** How a request becomes a WebSocket. */
export interface UpgradeOptions {
  /** The protocol that was chosen of those that the client offers. */
  readonly protocol?: string;
  /** Seconds without a sign of life, after which the connection is closed; 0: never. Default 30. */
  readonly idleTimeoutS?: number;
}

/** A request that has become a WebSocket. */
export interface Upgrade {
  /** Opens when the response has been sent. */
  readonly socket: WebSocket;
  /** What the handler has to return. */
  readonly response: Response;
}

/** The net, as clients and servers see it. */
export interface Network {
  /** Sends a request; rejects when there is no answer. */
  fetch(request: Request): Promise<Response>;
  /** Opens a WebSocket. */
  connect(url: URL, options?: ConnectOptions): WebSocket;
  /** Hears requests; rejects when the port cannot be had. */
  listen(handler: RequestHandler, options: ListenOptions): Promise<Listener>;
  /** Makes a WebSocket of a request; throws a `TypeError` when it asks for none. */
  upgrade(request: Request, options?: UpgradeOptions): Upgrade;
}

class DenoNetwork implements Network {
  fetch(request: Request): Promise<Response> {
    return fetch(request);
  }

  connect(url: URL, { headers = {}, protocols = [] }: ConnectOptions = {}): WebSocket {
    return new WebSocket(url, { headers: { ...headers }, protocols: [...protocols] });
  }

  listen(handler: RequestHandler, { hostname, port }: ListenOptions): Promise<Listener> {
    return new Promise((resolve) => {
      const server = Deno.serve({
        hostname,
        port,
        onListen: () => {}, // which else would print
        onError: () => new Response("Internal Server Error", { status: 500 }),
      }, (request, { remoteAddr }) => handler(request, { address: remoteAddr.hostname }));
      resolve({ hostname, port: server.addr.port, close: () => server.shutdown() });
    });
  }

  upgrade(request: Request, { protocol, idleTimeoutS }: UpgradeOptions = {}): Upgrade {
    return Deno.upgradeWebSocket(request, {
      ...(protocol !== undefined && { protocol }),
      ...(idleTimeoutS !== undefined && { idleTimeout: idleTimeoutS }),
    });
  }
}

/** The net that the process sees. */
export const denoNetwork: Network = new DenoNetwork();
