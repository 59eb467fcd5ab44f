"""Scores of SDMetrics and areas of scikit-learn's boosted trees, for a test to compare with.

A line of JSON in, a line of JSON out: see tests/quality_counterpart_test.ts.
"""

import json
import math
import sys
import warnings
from itertools import combinations

warnings.filterwarnings("ignore")


def table(columns):
    import pandas as pd

    return pd.DataFrame(
        {
            name: pd.Series(
                [math.nan if value is None else value for value in values],
                dtype=float if kind == "number" else object,
            )
            for name, kind, values in columns
        }
    )


def sdmetrics_scores(given):
    from sdmetrics.column_pairs import ContingencySimilarity, CorrelationSimilarity
    from sdmetrics.single_column import KSComplement, TVComplement

    real, synthetic = table(given["real"]), table(given["synthetic"])
    kinds = {name: kind for name, kind, _ in given["real"]}
    shapes = [
        (KSComplement if kind == "number" else TVComplement).compute(real[name], synthetic[name])
        for name, kind in kinds.items()
    ]
    pairs = []
    for names in combinations(kinds, 2):
        a, b = real[list(names)], synthetic[list(names)]
        numbers = [name for name in names if kinds[name] == "number"]
        if len(numbers) == 2:
            found = CorrelationSimilarity.compute_breakdown(a, b)
            pairs.append([found["score"], found["real"]])
            continue
        options = {"continuous_column_names": numbers or None}
        score = ContingencySimilarity.compute_breakdown(a.copy(), b.copy(), **options)["score"]
        known = ContingencySimilarity.compute_breakdown(
            a.copy(), b.copy(), real_association_threshold=1e-12, **options
        )
        pairs.append([score, known["real_association"]])
    return {"shapes": shapes, "pairs": pairs}


def sdmetrics_report(given):
    """The overall score of a quality report, and those that it is the mean of."""
    from sdmetrics.reports.single_table import QualityReport

    kinds = {name: kind for name, kind, _ in given["real"]}
    sdtypes = {"number": "numerical", "category": "categorical"}
    metadata = {"columns": {name: {"sdtype": sdtypes[kind]} for name, kind in kinds.items()}}
    report = QualityReport()
    report.generate(table(given["real"]), table(given["synthetic"]), metadata, verbose=False)
    return [report.get_score(), *report.get_properties()["Score"]]


def boosted_area(given):
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.metrics import roc_auc_score

    rows = np.array(given["features"], dtype=float).T
    labels, folds = np.array(given["labels"]), np.array(given["folds"])
    scores = np.zeros(len(labels))
    for fold in range(folds.max() + 1):
        others = folds == fold
        trees = HistGradientBoostingClassifier(
            random_state=1, categorical_features=given["categories"]
        ).fit(rows[~others], labels[~others])
        scores[others] = trees.decision_function(rows[others])
    return roc_auc_score(labels, scores)


COMMANDS = {"sdmetrics": sdmetrics_scores, "report": sdmetrics_report, "area": boosted_area}

for line in sys.stdin:
    print(json.dumps(COMMANDS[sys.argv[1]](json.loads(line))), flush=True)
