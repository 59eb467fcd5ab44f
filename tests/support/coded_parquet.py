"""Writes Parquet files of all encodings into a folder, for tests/parquet_test.ts; prints their paths."""

import sys

import pyarrow
import pyarrow.parquet

ROWS = 900

table = pyarrow.table({
    "i": pyarrow.array([None if i % 7 == 3 else i * 3 for i in range(ROWS)], pyarrow.int32()),
    "l": pyarrow.array([i * 1000000007 for i in range(ROWS)], pyarrow.int64()),
    "s": pyarrow.array([None if i % 5 == 0 else f"prefix{i // 3}" for i in range(ROWS)]),
    "f": pyarrow.array([i / 7 for i in range(ROWS)], pyarrow.float64()),
    "b": pyarrow.array([i % 3 == 0 for i in range(ROWS)]),
    "k": pyarrow.array(["x"] * ROWS),
    "list": pyarrow.array(
        [list(range(i % 4)) if i % 6 else None for i in range(ROWS)], pyarrow.list_(pyarrow.int64())
    ),
})
DELTAS = {
    "i": "DELTA_BINARY_PACKED",
    "l": "DELTA_BINARY_PACKED",
    "s": "DELTA_BYTE_ARRAY",
    "k": "DELTA_LENGTH_BYTE_ARRAY",
    "b": "RLE",
    "f": "BYTE_STREAM_SPLIT",
}
number = 0
for version in ["1.0", "2.0"]:
    for codec in ["none", "snappy"]:
        for coded in [{}, {"use_dictionary": False, "column_encoding": DELTAS}]:
            path = f"{sys.argv[1]}/{number}.parquet"
            pyarrow.parquet.write_table(
                table,
                path,
                compression=codec,
                data_page_version=version,
                row_group_size=400,
                data_page_size=512,
                **coded,
            )
            print(path)
            number += 1
