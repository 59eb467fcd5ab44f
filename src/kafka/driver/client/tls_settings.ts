import { probeTls } from "../../../runtime/tls_probe.ts";
import type { ConnectionOptions } from "../driver.ts";
import type { TlsOptions } from "../kafka_login.ts";
import { placeOf } from "./address.ts";

/** What `node:tls` says of a certificate that is not trusted, for whatever reason. */
const VAGUE = /^(UNABLE_TO|SELF_SIGNED|DEPTH_ZERO|CERT_)/;
const PROBE_MS = 3_000;

/** The options of `node:tls`, which always verifies. */
export function tlsSettings(tls: true | TlsOptions): Readonly<Record<string, unknown>> {
  const { ca, cert, key, serverName } = tls === true ? {} as TlsOptions : tls;
  return {
    rejectUnauthorized: true,
    ...(ca !== undefined && { ca: typeof ca === "string" ? [ca] : [...ca] }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== undefined && { servername: serverName }),
  };
}

/** A failure in TLS that `node:tls` does not tell apart from others, with what is behind it. */
export async function explainedTls(
  failure: Error & { code?: string },
  address: string,
  { login, connectionTimeoutMs }: ConnectionOptions,
): Promise<Error> {
  if (!login?.tls || !VAGUE.test(failure.code ?? "")) return failure;
  const { ca, serverName } = login.tls === true ? {} as TlsOptions : login.tls;
  const why = await probeTls({
    ...placeOf(address),
    ...(serverName !== undefined && { serverName }),
    caCerts: typeof ca === "string" ? [ca] : ca ?? [],
    timeoutMs: Math.min(connectionTimeoutMs, PROBE_MS),
  });
  return why === undefined ? failure : new Error(why);
}
