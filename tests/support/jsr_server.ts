/**
 * A registry in JSR's shape on this machine, for tests that install a package as a user would.
 *
 * @module
 */

const CONTENT_TYPES: Record<string, string> = {
  ts: "text/typescript",
  json: "application/json",
  md: "text/markdown",
};

/** One version of one package. */
export interface JsrPackage {
  /** Such as `@waggle/stream`. */
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, string>;
  /** File contents by path; the paths begin with a slash. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
}

/** A running registry; dispose of it to stop it. */
export interface JsrServer extends AsyncDisposable {
  /** What `JSR_URL` has to be. */
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly requests: readonly string[];
}

async function checksum(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return `sha256-${digest.toHex()}`;
}

function packageMeta({ name, version }: JsrPackage): unknown {
  const [scope, bare] = name.slice(1).split("/");
  return { scope, name: bare, latest: version, versions: { [version]: {} } };
}

async function versionMeta({ files, exports }: JsrPackage): Promise<unknown> {
  const entries = Array.from(files, async ([path, bytes]) => {
    return [path, { size: bytes.length, checksum: await checksum(bytes) }];
  });
  return { manifest: Object.fromEntries(await Promise.all(entries)), exports };
}

async function answer(packages: readonly JsrPackage[], path: string): Promise<Response> {
  for (const item of packages) {
    const { name, version, files } = item;
    if (path === `/${name}/meta.json`) return Response.json(packageMeta(item));
    if (path === `/${name}/${version}_meta.json`) return Response.json(await versionMeta(item));
    const bytes = files.get(path.replace(`/${name}/${version}`, ""));
    const type = CONTENT_TYPES[path.split(".").at(-1) ?? ""] ?? "text/plain";
    if (bytes) return new Response(bytes, { headers: { "content-type": type } });
  }
  return new Response("not found", { status: 404 });
}

/** Serves packages on a free port of 127.0.0.1. */
export function serveJsr(packages: readonly JsrPackage[]): JsrServer {
  const requests: string[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { pathname } = new URL(request.url);
    requests.push(pathname);
    return answer(packages, pathname);
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}/`,
    requests,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
