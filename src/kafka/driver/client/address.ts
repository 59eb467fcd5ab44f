/** A place in the net. */
export interface Place {
  readonly hostname: string;
  readonly port: number;
}

/** The place of an address `host:port`; IPv6 stands in brackets there. */
export function placeOf(address: string): Place {
  const colon = address.lastIndexOf(":");
  const hostname = address.slice(0, colon).replace(/^\[|\]$/g, "");
  return { hostname, port: Number(address.slice(colon + 1)) };
}

/** The address of a place. */
export function addressOf(hostname: string, port: number): string {
  return `${hostname.includes(":") ? `[${hostname}]` : hostname}:${port}`;
}
