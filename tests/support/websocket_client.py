"""Clients of WebSocket servers, by the package websockets; prints what it got as JSON.

Usage: websocket_client.py stream|avro|refused|push URI [HEADER VALUE]...
"""

import io
import json
import sys

import fastavro
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect


def stream(uri, headers):
    with connect(uri, additional_headers=headers, max_size=None) as socket:
        first = [len(json.loads(socket.recv())) for _ in range(3)]
        socket.ping().wait(10)
        socket.send(json.dumps({"action": "generate", "records": 2000, "batchSize": 1000, "start": 5}))
        ids, done = [], []
        while len(done) < 2:
            message = json.loads(socket.recv())
            if isinstance(message, dict):
                done.append(message["done"]["action"])
            elif done:
                ids.extend(row["id"] for row in message)
        socket.send(["{\"action\":", " \"dance\"", "}"])  # in fragments
        error = json.loads(socket.recv())["error"]
        socket.send("x" * 70_000)
        try:
            socket.recv()
            end = None
        except ConnectionClosed as closed:
            end = [closed.rcvd.code, closed.rcvd.reason]
    return {"first": first, "ids": ids, "done": done, "error": error, "end": end}


def avro(uri, headers):
    with connect(uri, additional_headers=headers, max_size=None) as socket:
        return [row for _ in range(3) for row in fastavro.reader(io.BytesIO(socket.recv()))]


def push(uri, headers):
    with connect(uri, additional_headers=headers) as socket:
        for i in range(20):
            records = [{"id": 100 * i + j} for j in range(100)]
            socket.send(json.dumps({"id": i + 1, "records": records}))
        ack = 0
        while ack < 20:
            ack = json.loads(socket.recv())["ack"]
    return {"acks": [ack], "rows": 2000}


def refused(uri, headers):
    try:
        connect(uri, additional_headers=headers).close()
        return "accepted"
    except InvalidStatus as error:
        return [error.response.status_code, error.response.body.decode().strip()]


what, address, *rest = sys.argv[1:]
pairs = dict(zip(rest[::2], rest[1::2]))
print(json.dumps({"stream": stream, "avro": avro, "refused": refused, "push": push}[what](address, pairs)))
