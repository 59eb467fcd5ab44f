/**
 * Certificates for tests, made by openssl.
 *
 * @module
 */
import { counterpart } from "../counterpart.ts";
import { run } from "./java.ts";

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

/** Certificates of a test, all by one authority that nobody else trusts. */
export interface Certificates {
  /** The authority's own, PEM. */
  readonly ca: string;
  /** The file with it. */
  readonly caFile: string;
  /** What a broker shows: files with a private key and a certificate. */
  readonly keyStores: {
    readonly good: string;
    readonly expired: string;
    readonly wrongHost: string;
  };
  /** What a client shows, PEM. */
  readonly client: { readonly cert: string; readonly key: string };
}

/** OpenSSL. */
export const openssl = counterpart({ program: "openssl", purpose: "make certificates" });

const AUTHORITY = `[ca]
default_ca = waggle
[waggle]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
unique_subject = no
copy_extensions = copy
policy = names
[names]
commonName = supplied
`;

/** From when to when certificates hold, as openssl writes times. */
interface Validity {
  readonly from: string;
  readonly to: string;
}

const OVER: Validity = { from: "20240101000000Z", to: "20240201000000Z" };
const HOLDS: Validity = { from: "20240101000000Z", to: "20490101000000Z" };

/** A private key with a certificate signed by the authority, as two PEM texts. */
async function signed(
  folder: string,
  name: string,
  { host, validity }: { host: string; validity: Validity },
): Promise<{ cert: string; key: string }> {
  const make = (...args: readonly string[]) => run(openssl.path!, args, { cwd: folder });
  const [key, request, cert] = [`${name}.key`, `${name}.csr`, `${name}.pem`];
  await make(
    ...["req", "-new", ...KEY, "-keyout", key, "-out", request, "-subj", `/CN=${name}`],
    ...["-addext", `subjectAltName=${host}`],
  );
  await make(
    ...["ca", "-config", "ca.cnf", "-batch", "-notext", "-in", request, "-out"],
    ...[cert, "-cert", "ca.pem", "-keyfile", "ca.key", "-startdate", validity.from],
    ...["-enddate", validity.to],
  );
  return {
    cert: await Deno.readTextFile(`${folder}/${cert}`),
    key: await Deno.readTextFile(`${folder}/${key}`),
  };
}

/** Makes an authority and what it has signed, as files of a folder. */
export async function makeCertificates(parent: string): Promise<Certificates> {
  if (openssl.path === undefined) throw new Error(openssl.reason);
  const folder = `${parent}/certificates`;
  await Deno.mkdir(folder);
  await Deno.writeTextFile(`${folder}/ca.cnf`, AUTHORITY);
  await Deno.writeTextFile(`${folder}/index.txt`, "");
  await run(openssl.path, [
    ...["req", "-x509", ...KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "30"],
    ...["-subj", "/CN=Waggle tests", "-addext", "basicConstraints=critical,CA:TRUE"],
    ...["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
  ], { cwd: folder });
  const store = async (name: string, host: string, validity: Validity) => {
    const { cert, key } = await signed(folder, name, { host, validity });
    await Deno.writeTextFile(`${folder}/${name}.store.pem`, key + cert);
    return `${folder}/${name}.store.pem`;
  };
  const here = "IP:127.0.0.1,DNS:localhost";
  return {
    ca: await Deno.readTextFile(`${folder}/ca.pem`),
    caFile: `${folder}/ca.pem`,
    keyStores: {
      good: await store("good", here, HOLDS),
      expired: await store("expired", here, OVER),
      wrongHost: await store("wrong-host", "DNS:elsewhere.example", HOLDS),
    },
    client: await signed(folder, "client", { host: "DNS:client.example", validity: HOLDS }),
  };
}
