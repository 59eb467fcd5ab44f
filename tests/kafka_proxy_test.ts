import { assertEquals, assertRejects } from "@std/assert";
import { FaultProxy, startProxiedKafka } from "./support/kafka/fault_proxy.ts";
import { ownKafka } from "./support/kafka/kafka.ts";
import { answersMetadata, createTopic } from "./support/kafka/wire.ts";

Deno.test(
  ownKafka.test("a proxy cuts where it is told to, and the broker gives out its address", async () => {
    await using proxied = await startProxiedKafka();
    const { broker, proxy } = proxied;
    const { bootstrap, port } = proxy;
    assertEquals(await answersMetadata(port), true);
    assertEquals(proxy.requests("metadata"), 1);
    await createTopic(bootstrap, "whole");

    // The broker has not got all of it.
    const asked = proxy.break({ api: "createTopics", cut: "request", bytes: 20 });
    await assertRejects(() => createTopic(bootstrap, "cut"), Error);
    await asked;
    await createTopic(bootstrap, "cut");

    // It has, and nobody hears that it did it.
    const answered = proxy.break({ api: "createTopics", cut: "answer", bytes: 9, after: 1 });
    await createTopic(bootstrap, "before");
    await assertRejects(() => createTopic(bootstrap, "lost"), Error);
    await answered;
    await assertRejects(() => createTopic(broker.bootstrap, "lost"), Error, "error 36");

    proxy.freeze();
    const frozen = answersMetadata(port);
    const other = await answersMetadata(broker.ports.plain);
    proxy.thaw();
    assertEquals([other, await frozen], [true, true]);

    await broker.kill();
    assertEquals(await answersMetadata(port), false);
  }),
);

Deno.test("a proxy cuts connections that wait", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await using proxy = new FaultProxy();
  proxy.forwardTo(listener.addr.port);
  const answer = answersMetadata(proxy.port);
  using silent = await listener.accept();
  await silent.read(new Uint8Array(8));
  proxy.cutAll();
  assertEquals(await answer, false);
});
