"""Reads and writes formats for tests/python_test.ts: bytes on the standard input and output.

Values that JSON does not have go as objects of one key: "int" (beyond 2^53), "hex" (bytes),
"ms" (since 1970), "days" (since 1970), "time" (milliseconds of the day), "decimal".
"""

import csv
import datetime
import decimal
import io
import json
import sys

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)


def plain(value):
    """A value as JSON has it."""
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return {"int": str(value)}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, datetime.datetime):
        return {"ms": (value - EPOCH) // MILLISECOND}
    if isinstance(value, datetime.date):
        return {"days": (value - EPOCH.date()).days}
    if isinstance(value, datetime.time):
        since = datetime.datetime.combine(EPOCH.date(), value) - datetime.datetime(1970, 1, 1)
        return {"time": since // MILLISECOND}
    if isinstance(value, decimal.Decimal):
        return {"decimal": str(value)}
    return value


MAKERS = {
    "int": int,
    "hex": bytes.fromhex,
    "ms": lambda ms: EPOCH + ms * MILLISECOND,
    "days": lambda days: EPOCH.date() + datetime.timedelta(days=days),
    "time": lambda ms: (datetime.datetime(1970, 1, 1) + ms * MILLISECOND).time(),
    "decimal": decimal.Decimal,
}


def made(value):
    """The value that JSON stands for."""
    if isinstance(value, list):
        return [made(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        [(key, inner)] = value.items()
        if key in MAKERS:
            return MAKERS[key](inner)
    return {key: made(inner) for key, inner in value.items()}


def read_avro(data):
    import fastavro

    return list(fastavro.reader(io.BytesIO(data)))


def write_avro(given):
    import fastavro

    out = io.BytesIO()
    schema = fastavro.parse_schema(given["schema"])
    fastavro.writer(out, schema, made(given["rows"]), codec=given["codec"], sync_interval=2_000)
    return out.getvalue()


def fingerprints(schema):
    from fastavro import schema as avro

    form = avro.to_parsing_canonical_form(schema)
    algorithms = ["CRC-64-AVRO", "md5", "sha256"]
    return [form, *[avro.fingerprint(form, algorithm) for algorithm in algorithms]]


def read_msgpack(data):
    import msgpack

    return msgpack.unpackb(data, timestamp=3)


def write_msgpack(given):
    import msgpack

    return msgpack.packb(made(given["rows"]), datetime=True)


def read_message(data):
    """Messages with a prefix: their schema on a line, then each in hex on a line of its own."""
    import fastavro

    schema, *messages = data.decode().split("\n")
    parsed = fastavro.parse_schema(json.loads(schema))
    found = []
    for message in map(bytes.fromhex, messages):
        prefix = 10 if message[:2] == b"\xc3\x01" else 5
        record = fastavro.schemaless_reader(io.BytesIO(message[prefix:]), parsed)
        found.append([message[:prefix], record])
    return found


def read_json(data):
    return json.loads(data)


def read_jsonl(data):
    return [json.loads(line) for line in data.decode().split("\n") if line]


def write_jsonl(given):
    return "".join(json.dumps(row) + "\n" for row in made(given["rows"])).encode()


def read_csv(data):
    return list(csv.DictReader(io.StringIO(data.decode(), newline="")))


def write_csv(given):
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, given["rows"][0].keys())
    writer.writeheader()
    writer.writerows(given["rows"])
    return out.getvalue().encode()


def main(command):
    data = sys.stdin.buffer.read()
    if command.startswith("read_"):
        result = json.dumps(plain(globals()[command](data))).encode()
    elif command == "fingerprints":
        result = json.dumps(fingerprints(json.loads(data))).encode()
    else:
        result = globals()[command](json.loads(data))
    sys.stdout.buffer.write(result)


main(sys.argv[1])
