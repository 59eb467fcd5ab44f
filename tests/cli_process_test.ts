import { assert, assertEquals } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";
import { waggle } from "./support/kept_process.ts";
import { kafka, sharedKafka, uniqueName } from "./support/kafka/kafka.ts";
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

/** The blocks of commands of a page. */
function commandsOf(page: string): string[] {
  return Array.from(page.matchAll(/```sh\n(.*?)```/gs), ([, block]) => block)
    .filter((block) => !block.startsWith("deno install"));
}

Deno.test(
  kafka.with(bash).test(
    "the commands of docs/cli.md about Kafka run against a broker",
    async () => {
      const blocks = commandsOf(Deno.readTextFileSync(new URL("docs/cli.md", ROOT)));
      // topics of their own, of a broker that others may use as well
      const own = blocks.filter((block) => block.includes("$KAFKA")).join("\n")
        .replaceAll(/(\$KAFKA"? ?--topic |\$KAFKA\/)([a-z-]+)/g, `$1$2-${uniqueName("cli")}`);
      assert(own.includes("waggle fit"));
      await using broker = await sharedKafka();
      const { code, err } = await shell(
        bash.path!,
        `waggle fit weather.csv -o weather.waggle --model independent -q\n${own}`,
        { KAFKA: broker.bootstrap },
      );
      assertEquals(code, 0, err);
    },
  ),
);

Deno.test(bash.test("the commands of docs/cli.md run as they stand there", async (path) => {
  const page = Deno.readTextFileSync(new URL("docs/cli.md", ROOT));
  const blocks = commandsOf(page).filter((block) => !block.includes("$KAFKA"));
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

Deno.test(
  bash.test("waggle window has what windows take whose rows come in order", async (path) => {
    const kinds = ["--session 2d -a count", "--tumble 7d -a 'last(wind) as w'"];
    const script = kinds.map((kind) =>
      `waggle window weather.csv -t date -q ${kind} > out; head -n 1 out`
    );
    const { code, out, err } = await shell(path, script.join("\n"));
    assertEquals([code, err], [0, ""]);
    assertEquals(out.trim().split("\n").length, kinds.length);
  }),
);

Deno.test("docs/cli.md lists every flag and every command", async () => {
  const page = Deno.readTextFileSync(new URL("docs/cli.md", ROOT));
  const commands = ["fit", "sample", "stream", "report", "window", "inspect", "completions"];
  const helps = await Promise.all(commands.map((name) => waggle([name, "--help"])));
  const flags = helps.flatMap(({ out }) =>
    Array.from(out.matchAll(/^ +(?:-\w, )?(--[a-z-]+)/gm), ([, flag]) => flag)
  );
  assertEquals(flags.filter((flag) => !page.includes(flag)), []);
  assert(flags.length > 70, String(flags.length));
});

Deno.test(bash.test("whoever closes the pipe has seen enough, which is no error", async (path) => {
  const { code, out, err } = await shell(
    path,
    `waggle fit weather.csv -o w.waggle --model independent -q
    waggle stream w.waggle -q | head -n 1 | wc -l; echo "\${PIPESTATUS[@]}"
    waggle sample w.waggle -n 1e7 -q -f csv | head -n 1; echo "\${PIPESTATUS[@]}"
    waggle sample w.waggle -n 1e7 -q -f avro | head -c 4 | wc -c; echo "\${PIPESTATUS[@]}"`,
  );
  assertEquals([code, err], [0, ""]);
  const header = "location,date,precipitation,temp_max,temp_min,wind,weather";
  assertEquals(out, `1\n0 0 0\n${header}\n0 0\n4\n0 0 0\n`);
}));

Deno.test(
  terminal.test("a terminal shows one line with a bar, a rate and the time left", async (script) => {
    const { path = "bash" } = bash;
    const run = "waggle sample w.waggle -n 2e6 -o rows.csv --force";
    const { code, out, err } = await shell(
      path,
      `waggle fit weather.csv -o w.waggle --model independent -q
    ${waggleCommand().replace("waggle()", "shown()")}
    declare -f shown | sed 's/^shown/waggle/' > waggle.sh
    echo 'stty cols 100; source waggle.sh; ${run}' > run.sh
    env -u NO_COLOR "${script}" -qec "bash run.sh" /dev/null
    echo =====
    NO_COLOR=1 "${script}" -qec "bash run.sh" /dev/null`,
      { TERM: "xterm" },
    );
    assertEquals([code, err], [0, ""]);
    const [coloured, plain] = out.split("=====");
    const line = /CLEAR(.*?) +(\d+) % +([\d,]+) of 2,000,000 records, [\d,]+\/s, ([\d.]+) s left/;
    for (const each of [coloured, plain]) {
      const shown = each.replaceAll("\r\u001b[2K", "CLEAR");
      const [, bar, percent] = line.exec(shown) ?? [];
      assert(bar?.includes("█") || Number(percent) < 3, JSON.stringify(shown));
      assert(shown.includes("CLEAR2,000,000 records to rows.csv in "), JSON.stringify(shown));
    }
    assert(coloured.includes("\u001b[33m") && !plain.includes("\u001b[33m"));
  }),
);

Deno.test(
  terminal.test("data at a terminal have it for themselves, without what acts on it", async (script) => {
    const { path = "bash" } = bash;
    const { code, out, err } = await shell(
      path,
      `printf 'a\\x1b[31mb,c\\n' > data.csv; for i in {1..60}; do echo "$((i % 3)),x"; done >> data.csv
    waggle fit data.csv -o w.waggle --model independent -q
    declare -f waggle > waggle.sh
    echo 'source waggle.sh; waggle stream w.waggle --max-records 3 --batch-size 1 --interval 120ms' > run.sh
    "${script}" -qec "bash run.sh" /dev/null`,
      { TERM: "xterm" },
    );
    assertEquals([code, err], [0, ""]);
    const lines = out.trimEnd().split("\r\n");
    assertEquals(lines.length, 4, out);
    assert(lines.slice(0, 3).every((line) => "a\u001b[31mb" in JSON.parse(line)), out);
    assert(
      lines[3].startsWith("3 records in 3 batches to standard output") && !out.includes("\u001b"),
    );
  }),
);

/** A `waggle` of its own process, and what it tells. */
function spawned(args: readonly string[]) {
  const cli = new URL("src/cli/cli.ts", ROOT).pathname;
  const config = new URL("deno.json", ROOT).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-lock", "--allow-all", "-c", config, cli, ...args],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

Deno.test("Ctrl-C ends a stream with a whole file, and a second one at once", async () => {
  const place = await Deno.makeTempDir();
  const [model, file] = [`${place}/m.waggle`, `${place}/rows.csv`];
  assertEquals((await waggle(["fit", DATA, "-o", model, "--model", "independent", "-q"])).code, 0);
  const one = spawned(["stream", model, "--rate-limit", "1000", "--batch-size", "10", "-o", file]);
  while (!Array.from(Deno.readDirSync(place)).some(({ name }) => name.endsWith(".part"))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  one.kill("SIGINT");
  const { code, stderr } = await one.output();
  const told = new TextDecoder().decode(stderr);
  const [, records] = /^([\d,]+) records in .*, interrupted\n$/.exec(told) ?? [];
  const lines = Deno.readTextFileSync(file).trimEnd().split("\n");
  assertEquals([code, lines.length - 1], [130, Number(records?.replaceAll(",", ""))], told);

  const opened = Promise.withResolvers<void>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = () => opened.resolve(); // and acknowledges nothing
    return response;
  });
  const uri = `ws://127.0.0.1:${server.addr.port}`;
  const two = spawned(["stream", model, "--websocket", uri, "--acknowledge", "--interval", "1ms"]);
  await opened.promise;
  two.kill("SIGINT");
  two.kill("SIGTERM");
  assertEquals((await two.output()).code, 130);
  await server.shutdown();
  await Deno.remove(place, { recursive: true });
});

Deno.test("waggle works as it is installed, with the permissions that docs/cli.md lists", async () => {
  const page = Deno.readTextFileSync(new URL("docs/cli.md", ROOT));
  const [, line] = /```sh\ndeno (install .*)\n```/.exec(page) ?? [];
  const flags = line.split(" ").slice(0, -1);
  const [, ofNpx] =
    /```\nnpx --yes deno@2\.\d+\.\d+ run (.*) src\/cli\/cli\.ts --help\n```/.exec(page) ?? [];
  assertEquals(ofNpx.split(" "), flags.filter((flag) => flag.startsWith("--allow-")));
  const place = await Deno.makeTempDir();
  const cli = new URL("src/cli/cli.ts", ROOT).pathname;
  const config = new URL("deno.json", ROOT).pathname;
  const installed = await new Deno.Command(Deno.execPath(), {
    args: [...flags, "--root", place, "--no-prompt", "--no-lock", "-c", config, cli],
  }).output();
  assert(installed.success, new TextDecoder().decode(installed.stderr));
  const script = `set -e
    waggle --version
    waggle fit "${DATA}" -o m.waggle --model independent -q
    waggle sample m.waggle -n 5000 --workers 1 -q -o rows.parquet
    waggle window rows.parquet -t date --tumble 36500d --max-disorder 36500d -a count -q
    waggle sample m.waggle -n 200 -q | waggle report - m.waggle -q | head -n 1`;
  const { PATH = "", HOME = "" } = Deno.env.toObject();
  const { stdout, stderr } = await new Deno.Command("bash", {
    args: ["-c", script],
    cwd: place,
    env: { PATH: `${place}/bin:${Deno.execPath().replace(/\/[^/]*$/, "")}:${PATH}`, HOME },
  }).output();
  await Deno.remove(place, { recursive: true });
  const told = new TextDecoder().decode(stderr);
  const [version, window, report] = new TextDecoder().decode(stdout).split("\n");
  assert(/^\d+\.\d+\.\d+$/.test(version), told);
  assertEquals([JSON.parse(window).count, told], [5000, ""]);
  assertEquals(report, "Quality of 200 synthetic rows against 200 real ones");
});
