"""Fits SDV's Gaussian copula to a CSV file, samples it, and says how long both took.

    python3 gaussian_copula.py '{"training": path, "synthetic": path, "kinds": {column: sdtype}, "rows": n}'

Writes one line of JSON: {"fitMs", "sampleMs", "version"}.
"""

import json
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import pandas as pd
import sdv
from sdv.metadata import Metadata
from sdv.single_table import GaussianCopulaSynthesizer

given = json.loads(sys.argv[1])
kinds = given["kinds"]
texts = {name: str for name, kind in kinds.items() if kind in ("categorical", "id")}
rows = pd.read_csv(given["training"], dtype=texts, keep_default_na=False, na_values=[""])
columns = {}
key = None
for name, kind in kinds.items():
    columns[name] = {"sdtype": kind}
    if kind == "datetime":
        columns[name]["datetime_format"] = "%Y-%m-%dT%H:%M:%S"
    if kind == "id":
        key = name
table = {"columns": columns}
if key is not None:
    table["primary_key"] = key
metadata = Metadata.load_from_dict({"tables": {"table": table}})
model = GaussianCopulaSynthesizer(metadata)
started = time.perf_counter()
model.fit({"table": rows})
fitted = time.perf_counter()
made = model.sample(given["rows"])
sampled = time.perf_counter()
if isinstance(made, dict):
    made = made["table"]
made.to_csv(given["synthetic"], index=False)
times = {"fitMs": 1000 * (fitted - started), "sampleMs": 1000 * (sampled - fitted)}
print(json.dumps({**times, "version": sdv.__version__}))
