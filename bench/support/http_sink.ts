/** A server that takes what comes and says so; prints its port. */
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, async (request) => {
  for await (const _ of request.body ?? []);
  return new Response();
});
