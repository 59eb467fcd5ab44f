import type { Socket } from "node:net";
import { builtIn } from "./built_in.ts";
import type { Runtime } from "./runtime.ts";

export type { Socket };

/** The other end of a connection: a port of a host, or a socket in the file system. */
export type SocketAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/**
 * Connects a socket of `node:net`, for packages that want one.
 *
 * @throws {Error} when nobody answers in time, or the attempt is refused.
 */
export function connectSocket(
  address: SocketAddress,
  { runtime, timeoutMs }: { runtime: Runtime; timeoutMs: number },
): Promise<Socket> {
  const { Socket } = builtIn("node:net", "connect to a server");
  const socket = new Socket();
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const cancel = runtime.after(timeoutMs, () => {
    const late = new Error(`nobody answered within ${timeoutMs} ms`);
    socket.destroy();
    reject(Object.assign(late, { code: "CONNECT_TIMEOUT" }));
  });
  socket.once("connect", () => {
    socket.setNoDelay(true); // else a small packet behind a large one waits for tens of milliseconds
    resolve(socket);
  });
  socket.once("error", reject);
  try {
    if ("path" in address) socket.connect(address.path);
    else socket.connect(address.port, address.host);
  } catch (error) {
    reject(error);
  }
  return promise.finally(() => {
    cancel();
    socket.removeListener("error", reject);
  });
}
