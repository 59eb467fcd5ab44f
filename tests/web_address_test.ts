import { assert, assertEquals, assertThrows } from "@std/assert";
import { WebAddress } from "../src/runtime/web_address.ts";

const doing = "go there";

Deno.test("WebAddress makes a header of name and password, and shows neither them nor the query", () => {
  const address = new WebAddress(
    "https://bee:hon%65y%20jar@example.com:444/a/b?key=nectar&x=1#top",
    {
      doing,
      headers: { "X-Token": "  pollen-77 " },
    },
  );
  assertEquals(address.url.href, "https://example.com:444/a/b?key=nectar&x=1");
  assertEquals(address.name, "https://example.com:444/a/b?…");
  const basic = btoa("bee:honey jar");
  assertEquals(address.headers, { "authorization": `Basic ${basic}`, "x-token": "pollen-77" });
  const own = new WebAddress("http://a:b@c.d/", { doing, headers: { Authorization: "Bearer x" } });
  assertEquals(own.headers, { authorization: "Bearer x" });
});

Deno.test("WebAddress hushes its secrets in whatever comes from outside", () => {
  const address = new WebAddress("http://worker:hon%65y%20jar@x.y/?key=nec%2Btar&lonely&n=7", {
    doing,
    headers: { authorization: "Bearer pollen-77", accept: "application/json" },
  });
  const told = [
    "worker, honey jar and hon%65y%20jar",
    "nec+tar, nec%2Btar, lonely",
    "Bearer pollen-77 or pollen-77",
  ].map((text) => address.hush(text));
  assertEquals(told, [
    "[secret], [secret] and [secret]",
    "[secret], [secret], [secret]",
    "[secret] or [secret]",
  ]);
  assertEquals(address.hush("the key application/json n=7"), "the key application/json n=7");
  assertEquals(address.hush(`cannot reach ${address.url}`), "cannot reach http://x.y/?…");
  const cause = new Error("sent pollen-77", { cause: "to nec+tar" });
  const error = address.hushed(new TypeError("fetch failed", { cause }));
  assertEquals(error.message, "fetch failed: sent [secret]: to [secret]");
  assert(error.cause === undefined);
});

Deno.test("WebAddress refuses what is no address or header, and repeats no secret", () => {
  const make = (url: unknown, headers?: unknown) => () =>
    new WebAddress(url as string, {
      doing,
      ...(headers !== undefined && { headers: headers as never }),
    });
  const refused: readonly [() => unknown, string][] = [
    [make(7), "url must be a URL such as http://host/path, received 7"],
    [make("//pollen-77@x"), "received one that cannot be read"],
    [make("ws://a:pollen-77@x/"), "received one that begins with ws:"],
    [make("http://x/", { "a\n": "pollen-77" }), 'the header "a\\n" cannot be sent'],
    [make("http://x/", { a: "pollen-77\r\nb: c" }), 'the header "a" cannot be sent'],
    [make("http://x/", "pollen"), "headers are an object"],
  ];
  for (const [work, message] of refused) {
    const error = assertThrows(work, TypeError, message);
    assert(error.message.startsWith("Cannot go there: "));
    assert(!error.message.includes("pollen-77"), error.message);
  }
  const socket = new WebAddress("wss://x/", { doing, protocols: ["ws:", "wss:"] });
  assertEquals(socket.name, "wss://x/");
});
