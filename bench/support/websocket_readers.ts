/**
 * Many light clients of a WebSocket server, in a process of their own: plain connections with a
 * handshake made by hand, so that reading costs little.
 *
 * Usage: `websocket_readers.ts PORT CLIENTS`; prints `ready` when all are open. Then a line on its
 * input is answered by one: `delays` gives those of the messages since the last time, ms, sorted, as
 * JSON; a number is answered when so many bytes have come since the last time.
 *
 * @module
 */
const [port, clients] = Deno.args.map(Number);
const HEAD = `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
  `Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n`;

const text = new TextDecoder();
let delays: number[] = [];
let bytes = 0;
let wanted = Infinity;
let enough = () => {};

function now(): number {
  return performance.timeOrigin + performance.now();
}

/** Bytes of the frame that begins here, once its head is there. */
function frameBytes(view: DataView): number {
  const short = view.byteLength < 2 ? 0 : view.getUint8(1);
  if (view.byteLength < 2 || (short > 125 && view.byteLength < 10)) return Infinity;
  if (short < 126) return 2 + short;
  return short === 126 ? 4 + view.getUint16(2) : 10 + Number(view.getBigUint64(2));
}

/** Takes whole frames; gives the rest. Messages say in their first row when they were sent. */
function take(part: Uint8Array): Uint8Array {
  while (true) {
    const length = frameBytes(new DataView(part.buffer, part.byteOffset, part.length));
    if (length > part.length) return part;
    const [, sent] = /"at":([\d.]+)/.exec(text.decode(part.subarray(0, Math.min(100, length)))) ??
      [];
    if (sent !== undefined) delays.push(now() - Number(sent));
    part = part.subarray(length);
  }
}

async function read(): Promise<void> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  await connection.write(new TextEncoder().encode(HEAD));
  const buffer = new Uint8Array(65_536);
  let kept = 0;
  await connection.read(buffer); // the answer comes alone
  opened();
  while (true) {
    const count = await connection.read(buffer.subarray(kept));
    if (count === null) return;
    bytes += count;
    if (bytes >= wanted) enough();
    const rest = take(buffer.subarray(0, kept + count));
    buffer.set(rest);
    kept = rest.length;
  }
}

let open = 0;
function opened(): void {
  if (++open === clients) console.log("ready");
}

for (let i = 0; i < clients; i++) {
  read().catch(() => {});
  if (i % 50 === 49) await new Promise((resolve) => setTimeout(resolve, 20));
}
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  if (line.trim() === "delays") {
    console.log(JSON.stringify(delays.sort((a, b) => a - b)));
    delays = [];
    continue;
  }
  wanted = Number(line);
  if (bytes < wanted) await new Promise<void>((resolve) => enough = resolve);
  bytes -= wanted;
  wanted = Infinity;
  console.log("taken");
}
Deno.exit(0);
