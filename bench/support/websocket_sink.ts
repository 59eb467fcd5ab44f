/**
 * A WebSocket server in a process of its own, which counts the messages that come over all
 * connections. Prints its port. A connection with the path `/count` sends how many messages are
 * expected, and gets an answer when so many have come since the last answer.
 *
 * @module
 */
let messages = 0;
let expected = Infinity;
let answer = () => {};

function count(): void {
  messages++;
  if (messages < expected) return;
  messages -= expected;
  expected = Infinity;
  answer();
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log(port),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  if (new URL(request.url).pathname !== "/count") socket.onmessage = count;
  else {
    socket.onmessage = ({ data }) => {
      expected = Number(data) + 1;
      answer = () => socket.send("done");
      count();
    };
  }
  return response;
});
