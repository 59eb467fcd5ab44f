import { assert, assertEquals } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";
import { waggleCommand } from "./support/waggle_command.ts";

const ROOT = new URL("../", import.meta.url);
const DATA = new URL("examples/data/weather.csv", ROOT).pathname;
const bash = counterpart({ program: "bash", purpose: "run commands as people do" });
const terminal = counterpart({
  program: "script",
  debianPackage: "bsdutils",
  purpose: "give commands a terminal",
});

/** Runs a script of bash that knows `waggle`, in a folder of its own with some data. */
async function shell(path: string, script: string, env: Record<string, string> = {}) {
  const place = await Deno.makeTempDir();
  const lines = ["set -e", waggleCommand(), `cp "${DATA}" weather.csv`, script];
  const { code, stdout, stderr } = await new Deno.Command(path, {
    args: ["-c", lines.join("\n")],
    cwd: place,
    env,
  }).output();
  await Deno.remove(place, { recursive: true });
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

Deno.test(bash.test("the commands of docs/cli.md run as they stand there", async (path) => {
  const page = Deno.readTextFileSync(new URL("docs/cli.md", ROOT));
  const blocks = Array.from(page.matchAll(/```sh\n(.*?)```/gs), ([, block]) => block)
    .filter((block) => !block.startsWith("deno install"));
  assert(blocks.length > 6);
  let received = 0;
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    async (request) => {
      if (request.headers.get("upgrade") !== "websocket") {
        received += (await request.text()).trimEnd().split("\n").length;
        return new Response();
      }
      const { socket, response } = Deno.upgradeWebSocket(request);
      socket.onmessage = ({ data }) => void (received += JSON.parse(data).length);
      return response;
    },
  );
  const address = `127.0.0.1:${server.addr.port}/`;
  const { code, err } = await shell(path, blocks.join("\n"), {
    URL: `http://${address}`,
    SOCKET: `ws://${address}`,
  });
  await server.shutdown();
  assertEquals(code, 0, err);
  assertEquals(received, 400);
}));

Deno.test(bash.test("docs/cli.md lists every flag and every command", async (path) => {
  const page = Deno.readTextFileSync(new URL("docs/cli.md", ROOT));
  const commands = ["fit", "sample", "stream", "report", "window", "inspect", "completions"];
  const { out } = await shell(path, commands.map((name) => `waggle ${name} --help`).join("\n"));
  const flags = new Set(Array.from(out.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm), ([, flag]) => flag));
  const rest = Array.from(flags).filter((flag) => !page.includes(flag));
  assertEquals(rest, []);
  assert(flags.size > 50);
}));
