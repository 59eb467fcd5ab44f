"""Writes the Parquet files of tests/parquet_test.ts: path, codec, rows, rows a group, page version."""

import datetime
import decimal
import sys

import pyarrow
import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1)
UTC = datetime.timezone.utc


def every(rows, make):
    """A value a row, of which every fifth is null."""
    return [None if i % 5 == 4 else make(i) for i in range(rows)]


def moment(i):
    """A time before or after 1970, with microseconds."""
    return EPOCH + datetime.timedelta(seconds=1000003 * (i - 50), microseconds=i * 7919 % 1000000)


def columns(rows):
    """Columns of all types that are read."""
    p = pyarrow
    whole = lambda low, high: lambda i: low + (i * 7919) % (high - low)
    return {
        "bool": p.array(every(rows, lambda i: i % 3 == 0), p.bool_()),
        "i8": p.array(every(rows, whole(-128, 128)), p.int8()),
        "i32": p.array(every(rows, lambda i: i - 50), p.int32()),
        "i64": p.array(every(rows, lambda i: (i - 50) * 2**40), p.int64()),
        "u8": p.array(every(rows, whole(0, 256)), p.uint8()),
        "u32": p.array(every(rows, lambda i: 2**32 - 1 - i), p.uint32()),
        "u64": p.array(every(rows, lambda i: 2**64 - 1 - i), p.uint64()),
        "f16": p.array(every(rows, lambda i: i / 4), p.float16()),
        "f32": p.array(every(rows, lambda i: i / 8), p.float32()),
        "f64": p.array(every(rows, lambda i: i / 10), p.float64()),
        "text": p.array(every(rows, lambda i: f"ü{i}"), p.string()),
        "few": p.array(every(rows, lambda i: f"kind {i % 3}")).dictionary_encode(),
        "bytes": p.array(every(rows, lambda i: bytes([i % 256, 255])), p.binary()),
        "fixed": p.array(every(rows, lambda i: bytes([i % 256] * 4)), p.binary(4)),
        "date": p.array(every(rows, lambda i: moment(i).date()), p.date32()),
        "time_ms": p.array(every(rows, lambda i: i * 1000 + 7), p.time32("ms")),
        "time_us": p.array(every(rows, lambda i: i * 1000 + 7), p.time64("us")),
        "at_ms": p.array(every(rows, moment), p.timestamp("us")).cast(p.timestamp("ms"), safe=False),
        "at_us": p.array(every(rows, moment), p.timestamp("us", tz="UTC")),
        "at_ns": p.array(every(rows, moment), p.timestamp("ns")),
        "small": p.array(every(rows, lambda i: decimal.Decimal(i - 50) / 100), p.decimal128(7, 2)),
        "money": p.array(
            every(rows, lambda i: decimal.Decimal((i - 50) * 10**20 + i).scaleb(-3)),
            p.decimal128(30, 3),
        ),
        "nothing": p.array([None] * rows, p.null()),
        "list": p.array(every(rows, lambda i: [j or None for j in range(i % 4)]), p.list_(p.int32())),
        "struct": p.array(
            every(rows, lambda i: {"x": i / 2, "y": None if i % 2 else f"y{i}"}),
            p.struct([("x", p.float64()), ("y", p.string())]),
        ),
        "map": p.array(
            every(rows, lambda i: [(f"k{j}", j) for j in range(i % 3)]),
            p.map_(p.string(), p.int32()),
        ),
        "deep": p.array(
            every(rows, lambda i: [{"at": moment(j), "n": [j]} for j in range(i % 3)]),
            p.list_(p.struct([("at", p.timestamp("us")), ("n", p.list_(p.int64()))])),
        ),
    }


def main():
    path, codec, rows, group, version = sys.argv[1:]
    table = pyarrow.table(columns(int(rows)))
    pyarrow.parquet.write_table(
        table,
        path,
        compression=codec,
        row_group_size=int(group),
        data_page_version=version,
        data_page_size=2048,
        use_deprecated_int96_timestamps=False,
    )


main()
