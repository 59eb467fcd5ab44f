/** Whom to shake hands with. */
export interface TlsProbeOptions {
  readonly hostname: string;
  readonly port: number;
  /** The name that the certificate must be for. Default: `hostname`. */
  readonly serverName?: string;
  /** Certificates that are trusted, PEM; the system's are, too. */
  readonly caCerts?: readonly string[];
  readonly timeoutMs: number;
}

/**
 * Shakes hands by TLS and hangs up, to hear what is wrong with a certificate: `node:tls` says of one
 * that has expired, and of one by an unknown authority, the same.
 *
 * @returns What is wrong, in the words of rustls; `undefined` when nothing is, or nobody is there.
 */
export async function probeTls(options: TlsProbeOptions): Promise<string | undefined> {
  const { hostname, port, serverName = hostname, caCerts = [], timeoutMs } = options;
  let connection: Deno.Conn | undefined;
  const hangUp = () => {
    try {
      connection?.close();
    } catch (error) {
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  };
  const timer = setTimeout(hangUp, timeoutMs);
  try {
    const tcp = await Deno.connect({ hostname, port });
    connection = tcp;
    const tls = await Deno.startTls(tcp, { hostname: serverName, caCerts: [...caCerts] });
    connection = tls;
    await tls.handshake();
    return undefined;
  } catch (error) {
    return error instanceof Deno.errors.InvalidData ? error.message : undefined;
  } finally {
    clearTimeout(timer);
    hangUp();
  }
}
