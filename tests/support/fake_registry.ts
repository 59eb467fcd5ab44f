import type { Network } from "../../src/runtime/network.ts";

/** A request as a registry sees it. */
export interface RegistryCall {
  readonly method: string;
  /** The address with path and query. */
  readonly url: string;
  readonly headers: Headers;
  readonly body: unknown;
  readonly signal: AbortSignal;
}

/** An answer: its status, and what it says, as JSON unless it is text. */
export type RegistryReply = readonly [status: number, body: unknown, headers?: HeadersInit];

/** A net on which everything is a registry that answers as a function says. */
export function registryNetwork(
  answer: (call: RegistryCall) => RegistryReply | Promise<RegistryReply>,
): Network & { readonly calls: RegistryCall[] } {
  const calls: RegistryCall[] = [];
  const absent = () => {
    throw new Error("a registry is asked by requests alone");
  };
  return {
    calls,
    async fetch(request) {
      const { method, url, headers, signal } = request;
      const text = await request.text();
      const call = {
        method,
        url,
        headers,
        signal,
        body: text === "" ? undefined : JSON.parse(text),
      };
      calls.push(call);
      const [status, body, more = {}] = await answer(call);
      const said = typeof body === "string" ? body : JSON.stringify(body);
      return new Response(said, { status, headers: more });
    },
    ...{ connect: absent, listen: absent, upgrade: absent },
  };
}
