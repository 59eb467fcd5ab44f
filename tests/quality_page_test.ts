import { assert, assertEquals } from "@std/assert";
import { RecordBatch, schema, types as t } from "@waggle/stream";
import { type QualityReport, qualityReport } from "@waggle/stream/quality";
import { parseHTML } from "linkedom/worker";
import { escapeHtml } from "../src/quality/page/quality_page.ts";
import { counterpart } from "./support/counterpart.ts";
import { Random } from "./support/random.ts";

const ROOT = new URL("../", import.meta.url);

/** What a test asks of a document. */
interface Page {
  querySelectorAll(selector: string): Iterable<{
    readonly textContent: string;
    readonly attributes: Iterable<{ readonly name: string; readonly value: string }>;
  }>;
}

function parsed(html: string): Page {
  return (parseHTML(html) as unknown as { document: Page }).document;
}

const HOSTILE = [
  `<script>alert(1)</script>`,
  `"><img src=x onerror=alert(1)>`,
  `' onmouseover='alert(1)`,
  `</title></style></svg><iframe src="https://example.com">`,
  `javascript:alert(1)`,
  `]]><!-- & &lt;b&gt; -->`,
  `\u202egnp.exe\u0000\u0007`,
  `\u2066 isolated`,
  `__proto__`,
  `url(https://example.com/x.png)`,
];

function hostileRows(seed: number): RecordBatch {
  const random = new Random(seed);
  const fields = Object.fromEntries(
    HOSTILE.map((name, at) => [name, at % 2 === 0 ? t.dict : t.f64]),
  );
  const rows = Array.from(
    { length: 120 },
    () =>
      Object.fromEntries(
        HOSTILE.map((name, at) =>
          [name, at % 2 === 0 ? random.pick(HOSTILE) : random.next()] as const
        ),
      ),
  );
  return RecordBatch.fromRows(rows, { schema: schema(fields) as never }) as RecordBatch;
}

let report: QualityReport | undefined;
async function hostile(): Promise<string> {
  report ??= await qualityReport(hostileRows(1), hostileRows(2), {
    holdout: hostileRows(3),
    columns: Object.fromEntries(
      HOSTILE.map((name, at) => [name, at % 2 === 0 ? "category" : "number"]),
    ),
  });
  return report.toHtml({ title: HOSTILE[0] });
}

Deno.test("toHtml() has no script, no handler and no address whatever names and values are", async () => {
  const html = await hostile();
  const page = parsed(html);
  const active =
    "script, iframe, object, embed, img, image, link, base, form, foreignObject, a, use";
  assertEquals(Array.from(page.querySelectorAll(active)).length, 0);
  for (const element of page.querySelectorAll("*")) {
    for (const { name, value } of element.attributes) {
      assert(!/^on|^(src|href|srcset|action|xlink:href)$/i.test(name), `${name}="${value}"`);
    }
  }
  assert(html.includes(`content="default-src 'none'; style-src 'unsafe-inline'"`));
  const styles = Array.from(page.querySelectorAll("style"), ({ textContent }) => textContent);
  assert(styles.every((style) => !style.includes("url(") && !style.includes("@import")));
  for (const hidden of ["\0", "\x07", "\u202e", "\u2066"]) assert(!html.includes(hidden));
});

Deno.test("toHtml() shows names as they are", async () => {
  const names = Array.from(
    parsed(await hostile()).querySelectorAll("h3"),
    (each) => each.textContent,
  );
  for (const name of HOSTILE.slice(0, 6)) assert(names.includes(name), name);
});

Deno.test("toHtml() draws each column, the two matrices and the pairs that differ most", async () => {
  const page = parsed(await hostile());
  assertEquals(Array.from(page.querySelectorAll("figure svg")).length, HOSTILE.length + 2);
  const [title] = page.querySelectorAll("title");
  assertEquals(title.textContent, HOSTILE[0]);
  assertEquals(Array.from(page.querySelectorAll("tbody tr")).length, 12);
  const [headline] = page.querySelectorAll("h1");
  assertEquals(headline.textContent, "Hardly told from real rows");
});

Deno.test("toHtml() writes values of several lines into one, beside an axis", async () => {
  const rows = Array.from(
    { length: 50 },
    (_, i) => ({ note: i % 3 ? null : "dear\nbees,\r\n\tfly" }),
  );
  const html = (await qualityReport(rows, rows, { columns: { note: "category" } })).toHtml();
  const labels = Array.from(parsed(html).querySelectorAll("svg text"), (each) => each.textContent);
  assert(labels.includes("dear bees, fly"), labels.join("|"));
});

Deno.test("toHtml() says in words what is wrong", async () => {
  const random = new Random(4);
  const real = Array.from({ length: 400 }, () => {
    const x = random.below(9);
    return { x, y: x * 2 + random.below(2), kind: random.chance(0.3) ? null : "a" };
  });
  const broken = real.map(({ x }) => ({ x: 8.5 - x, y: random.below(18), kind: "a" }));
  const made = await qualityReport(real, broken);
  const text = Array.from(parsed(made.toHtml()).querySelectorAll("li"), (each) => each.textContent)
    .join(" ");
  assert(text.includes("“x” and “y” hang together less than they should"), text);
  assert(text.includes("“x” is no longer whole numbers"), text);
  assert(text.includes("“kind” is null in 0.0 % of rows"), text);
  assert(text.includes("No rows were held out"), text);
  assert(made.toHtml().includes("Easily told from real rows"));
});

Deno.test("toHtml() says why cells are empty, where a pair of columns has no association", async () => {
  const rowsWith = (most: number) =>
    Array.from({ length: 100 }, (_, n) => ({ kind: "ab"[n % 2], cost: n === 7 ? most : n % 3 }));
  const html = async (made: object[]) =>
    (await qualityReport(rowsWith(1000), made, {
      columns: { kind: "category", cost: "number" },
    })).toHtml();
  const why = "A cell is empty where this is not defined";
  // 40 is another value, but in the same tenth of the real range as all others
  assert((await html(rowsWith(40))).includes(why));
  assert(!(await html(rowsWith(900))).includes(why));
});

Deno.test("toHtml() draws columns without values and rows of one column", async () => {
  for (const row of [{ x: null }, { x: 1 }, { x: "a" }, { "": true }]) {
    const html = (await qualityReport([row], [row])).toHtml();
    assert(html.includes("<svg") && html.endsWith("</html>\n"), JSON.stringify(row));
  }
});

Deno.test("toHtml() shows no key", async () => {
  const rows = (from: number) =>
    Array.from({ length: 50 }, (_, i) => ({ id: `client-${from + i}`, x: i % 5 }));
  const html = (await qualityReport(rows(0), rows(100))).toHtml();
  assert(html.includes("key, no score") && !html.includes("client-"));
});

Deno.test("escapeHtml() leaves nothing that ends a text or an attribute", () => {
  assertEquals(
    escapeHtml(`<a b="c" d='e'>&\u0000`),
    "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;\ufffd",
  );
});

const chromium = counterpart({ program: "chromium", purpose: "lay a report out as on a phone" });

/** A page that measures another one in a frame as narrow as a phone. */
const PHONE = `<!DOCTYPE html><meta charset="utf-8">
<iframe src="/report" style="width: 390px; height: 844px; border: 0"></iframe><script>
  const frame = document.querySelector("iframe");
  const loaded = new Promise((resolve) => frame.onload = resolve);
  async function found() {
    await loaded;
    const page = frame.contentDocument;
    const edge = page.documentElement.clientWidth;
    const beyond = [...page.querySelectorAll("body *")].filter((each) =>
      !each.parentElement.closest(".scroll, svg") && each.getBoundingClientRect().right > edge + 1
    );
    const table = page.querySelector(".scroll");
    const lines = [...table.querySelectorAll("th, td:not(.name)")].map((cell) => {
      const range = page.createRange();
      range.selectNodeContents(cell);
      return new Set([...range.getClientRects()].map(({ top }) => top)).size;
    });
    table.scrollLeft = 10_000;
    const last = table.querySelector("tr:last-child td:last-child").getBoundingClientRect();
    return {
      edge,
      pageWidth: page.documentElement.scrollWidth,
      beyond: beyond.map(({ outerHTML }) => outerHTML.slice(0, 100)),
      mostLines: Math.max(...lines),
      lastIsSeen: last.right <= edge && last.left >= 0,
    };
  }
</script>`;

Deno.test(
  chromium.test("on a phone a report is as wide as the screen, and its pairs scroll within", async (path) => {
    const rows = (seed: number) => {
      const random = new Random(seed);
      const names = [
        "Aircraft Make and Model",
        "Origin of the Flight",
        "Temperature",
        "x".repeat(60),
      ];
      return Array.from(
        { length: 300 },
        () => Object.fromEntries(names.map((name) => [name, random.below(9)])),
      );
    };
    const html = (await qualityReport(rows(1), rows(2))).toHtml();
    const pages = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, (request) => {
      const body = request.url.endsWith("/report") ? html : PHONE;
      return new Response(body, { headers: { "content-type": "text/html" } });
    });
    const folder = await Deno.makeTempDir();
    try {
      const flags = ["run", "--no-lock", "--no-prompt", "--no-check", "--allow-all"];
      const page = `http://127.0.0.1:${pages.addr.port}/`;
      const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: [...flags, "tests/support/browser_main.ts", path, folder, page],
        cwd: ROOT,
        env: { NO_COLOR: "1" },
      }).output();
      const text = new TextDecoder();
      assert(success, text.decode(stderr));
      const { edge, ...found } = JSON.parse(text.decode(stdout));
      const expected = { pageWidth: edge, beyond: [], mostLines: 1, lastIsSeen: true };
      assertEquals([edge > 360 && edge <= 390, found], [true, expected]);
    } finally {
      await pages.shutdown();
      await Deno.remove(folder, { recursive: true });
    }
  }),
);
