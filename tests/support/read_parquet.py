"""Prints the rows of Parquet files as JSON lines, one a file, for tests/parquet_writing_test.ts."""

import datetime
import decimal
import json
import math
import sys

import pyarrow.parquet

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
MILLISECOND = datetime.timedelta(milliseconds=1)


def plain(value):
    """What the test writes a value as."""
    if isinstance(value, float):
        return value.hex() if math.isfinite(value) else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, decimal.Decimal):
        return format(value, "f")
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, tuple):
        return {"key": plain(value[0]), "value": plain(value[1])}
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def numbers(table):
    """Times, of which Python knows fewer than there are, as numbers."""
    kinds = {"timestamp[ms, tz=UTC]": "int64", "date32[day]": "int32", "time32[ms]": "int32"}
    columns = []
    for column in table.columns:
        kind = kinds.get(str(column.type))
        columns.append(column.cast(kind) if kind else column)
    return pyarrow.table(columns, names=table.column_names)


for path in sys.argv[1:]:
    file = pyarrow.parquet.ParquetFile(path)
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    table = numbers(file.read())
    types = [str(field.type) for field in file.schema_arrow]
    names = table.column_names
    rows = [[plain(each) for each in column.to_pylist()] for column in table.columns]
    print(json.dumps({"names": names, "types": types, "groups": groups, "columns": rows}))
