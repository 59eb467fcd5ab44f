/**
 * Opens a page in Chromium and prints what its function `found()` resolves with, as JSON.
 *
 * Usage: `browser_main.ts CHROMIUM FOLDER URL`. A process of its own: what drives the browser would
 * else leave things open in the tests.
 *
 * @module
 */
import { chromium } from "playwright-core";

const [executable, folder, url] = Deno.args;

/** Where a browser that has just been started can be driven. */
async function devTools(errors: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const part of errors.pipeThrough(new TextDecoderStream())) {
    text += part;
    const [, address] = /^DevTools listening on (ws:\S+)$/m.exec(text) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error(`Chromium did not start: ${text}`);
}

const browser = new Deno.Command(executable, {
  args: [
    ...["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
    ...["--no-first-run", "--disable-extensions", "--disable-background-networking"],
    ...["--remote-debugging-port=0", `--user-data-dir=${folder}`, "about:blank"],
  ],
  stdout: "null",
  stderr: "piped",
}).spawn();
const driver = await chromium.connectOverCDP(await devTools(browser.stderr));
try {
  const page = await driver.newPage();
  await page.goto(url);
  console.log(JSON.stringify(await page.evaluate("found()")));
} finally {
  const session = await driver.newBrowserCDPSession();
  await session.send("Browser.close").catch(() => {}); // it may be gone before it answers
  await browser.status;
}
