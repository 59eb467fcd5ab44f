const FIRST = 20_000;
const LAST = 32_000;

/** Whether nobody listens on a port of this machine. */
export function isFreePort(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}

/**
 * A port of this machine that nobody listens on, below those that outgoing connections are given: a
 * server that is started again finds it free, and a client that tries meanwhile meets nobody.
 */
export function freePort(): number {
  while (true) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (isFreePort(port)) return port;
  }
}
