"""A WebSocket server by Python's websockets, on a free port, for tests.

Prints its port, and then one line of JSON for each message and each end of a connection. The path of
the request says what it does: /take reads, /ack acknowledges, /never reads nothing, /send/FORMAT
sends what the first message asks for, /close/CODE closes.
"""

import asyncio
import io
import json
import sys

import fastavro
import msgpack
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


def rows_of(message):
    if isinstance(message, str):
        return json.loads(message)
    if message[:3] == b"Obj":
        return list(fastavro.reader(io.BytesIO(message)))
    return msgpack.unpackb(message)


def tell(**what):
    print(json.dumps(what), flush=True)


async def take(socket, acknowledges):
    async for message in socket:
        if not acknowledges:
            tell(rows=rows_of(message))
            continue
        if isinstance(message, str):
            numbered = json.loads(message)
            number, rows = numbered["id"], numbered["records"]
        else:
            number, rows = int.from_bytes(message[:8], "big"), rows_of(message[8:])
        tell(rows=rows, id=number)
        await socket.send(json.dumps({"ack": number}))


def written(rows, form):
    if form == "json":
        return json.dumps(rows)
    if form == "msgpack":
        return msgpack.packb(rows)
    schema = {
        "type": "record",
        "name": "Bird",
        "fields": [{"name": "bird", "type": "string"}, {"name": "count", "type": "int"}],
    }
    out = io.BytesIO()
    fastavro.writer(out, fastavro.parse_schema(schema), rows, codec="deflate")
    return out.getvalue()


async def handle(socket):
    path = socket.request.path
    tell(opened=path, authorization=socket.request.headers.get("Authorization"),
         protocol=socket.subprotocol)
    try:
        if path in ("/take", "/ack"):
            await take(socket, path == "/ack")
        elif path == "/never":
            await asyncio.sleep(3600)
        elif path.startswith("/send/"):
            form = path.removeprefix("/send/")
            for rows in json.loads(await socket.recv()):
                message = written(rows, form)
                # in fragments of a third each
                size = len(message) // 3 + 1
                await socket.send([message[at:at + size] for at in range(0, len(message), size)])
            await socket.close(1000)
        elif path.startswith("/close/"):
            await socket.recv()
            await socket.close(int(path.removeprefix("/close/")), "enough")
    except ConnectionClosed:
        pass
    await socket.wait_closed()
    tell(closed=path, code=socket.close_code)


def choose(_, offered):
    return "birds.v1" if "birds.v1" in offered else None


async def main():
    options = dict(max_size=2**20, select_subprotocol=choose)
    async with serve(handle, "127.0.0.1", 0, **options) as server:
        tell(port=server.sockets[0].getsockname()[1])
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


asyncio.run(main())
