"""What a new subject could take over from others, in closed form: decoders of pooled responses, then encoding models of
a common grid, turned round. SIMULATED `sim-decoding-dev`; top 1 of 100, chance .01.

PYTHONPATH=. python benchmarks/decoding/lending.py derivatives/sim-decoding-dev
"""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from cogmodels.data.tables import read_features, read_responses
from cogmodels.decoding.inverted_encoding import fit_encoding, invert_encoding
from cogmodels.decoding.models.mindbridge import pool_responses
from cogmodels.decoding.starting import shrunk_covariance

STRENGTHS = np.logspace(1, 6, 16)
SHARES = (0, 0.5, 1, 1.5, 2, 3)
TRIALS = 100


def read(folder, pipeline="betas"):
    """Targets (n_stimuli, d), and of each subject responses, stimulus and whether it trains."""
    features, subjects = read_features(folder / "features" / "latent.parquet"), {}
    row = {name: place for place, name in enumerate(features.stimuli)}
    for file in sorted((folder / pipeline).glob("sub-*/*_responses.parquet")):
        table = read_responses(file)
        codes = np.array([row[name] for name in table.trials["stimulus"]])
        train = (table.trials["split"] == "train").to_numpy()
        subjects[file.parent.name] = np.asarray(table.values, np.float32), codes, train
    return features.values.astype(np.float64), subjects


def pooled(values, rows, size, kind):
    """Standardised by these rows, then pooled; size 0: as they are."""
    found = torch.from_numpy(scaled(values, rows))
    return (pool_responses(found, size, kind) if size else found).numpy()


def ridge(values, wished, strength):
    """Weights (n_features, d)."""
    eigenvalues, basis = np.linalg.eigh((values @ values.T).astype(np.float64))
    return (values.T @ (basis @ ((basis.T @ wished) / (eigenvalues + strength)[:, None]))).astype(np.float32)


def errors(values, wished, codes):
    """Squared error (n_strengths,) over 5 folds of stimuli."""
    stimuli, gram = np.unique(codes), (values @ values.T).astype(np.float64)
    part = (np.random.default_rng(0).permutation(len(stimuli)) % 5)[np.searchsorted(stimuli, codes)]
    found = np.zeros(len(STRENGTHS))
    for fold in range(5):
        a, b = part != fold, part == fold
        eigenvalues, basis = np.linalg.eigh(gram[np.ix_(a, a)])
        left, right = gram[np.ix_(b, a)] @ basis, basis.T @ wished[a]
        for place, strength in enumerate(STRENGTHS):
            found[place] += ((wished[b] - left @ (right / (eigenvalues + strength)[:, None])) ** 2).sum()
    return found


def top1(weights, values, codes, targets, centre):
    """Share of test stimuli, their trials averaged, whose own vector is the one that correlates most."""
    shown = np.unique(codes)
    found = np.stack([values[codes == code].mean(0) for code in shown]) @ weights + centre
    return float(
        (np.corrcoef(found, targets[shown])[: len(shown), len(shown) :].argmax(1) == np.arange(len(shown))).mean()
    )


def towards(values, wished, codes, prior):
    """Ridge towards the best share of other weights, the share, and ridge towards nothing."""
    best = []
    for share in SHARES:
        rest = wished - share * values @ prior
        each = errors(values, rest, codes)
        best.append((each.min(), share, share * prior + ridge(values, rest, STRENGTHS[each.argmin()])))
    _, share, weights = min(best, key=lambda one: one[0])
    return weights, share, best[0][2]


def compare_encodings(folder):
    """Encoding models of a common grid, turned round: of the trials alone, lent by the others, the others' alone."""
    targets, subjects = read(folder, "betas-grid")
    seen = np.unique(np.concatenate([codes[train] for _, codes, train in subjects.values()]))
    centre, stream, known, rows = targets[seen].mean(0), np.random.default_rng(0), {}, []
    covariance, targets = shrunk_covariance(targets[seen] - centre), targets - centre
    for name, (values, codes, train) in subjects.items():
        known[name] = fit_encoding(targets[codes[train]], scaled(values, train)[train], codes[train])
    for name, (values, codes, train) in subjects.items():
        few = np.sort(stream.permutation(np.flatnonzero(train))[:TRIALS])
        x, z = scaled(values, few), targets[codes[few]]
        others = np.mean([one.weights for other, one in known.items() if other != name], axis=0)
        plain, lent = (fit_encoding(z, x[few], codes[few], prior) for prior in (None, others))
        models = {"alone": plain, "lent": lent, "others": replace(plain, weights=others)}
        row = {"subject": name, "believed": lent.share}
        for kind, model in models.items():
            weight, bias = invert_encoding(model, z, x[few], covariance)
            row[kind] = top1(weight.T, x[~train], codes[~train], targets, bias)
        rows.append(row)
    print("encoding models", pd.DataFrame(rows).mean(numeric_only=True).round(3).to_dict(), flush=True)


def scaled(values, rows):
    """Standardised by these rows."""
    return (values - values[rows].mean(0)) / values[rows].std(0)


def main():
    targets, subjects = read(Path(sys.argv[1]))
    stream, rows = np.random.default_rng(0), []
    for size, kind in ((0, "-"), (1024, "linear"), (2048, "linear"), (1024, "average"), (512, "average")):
        alone, shown = {}, {}
        for name, (values, codes, train) in subjects.items():
            shown[name] = mine = pooled(values, train, size, kind)
            wished = targets[codes[train]] - targets[codes[train]].mean(0)
            strength = STRENGTHS[errors(mine[train], wished, codes[train]).argmin()]
            alone[name] = ridge(mine[train], wished, strength)
        for name, (values, codes, train) in subjects.items():
            centre, row = targets[codes[train]].mean(0), {"pooled": size, "kind": kind, "subject": name}

            def test(weights, mine, codes=codes, train=train, centre=centre):
                return top1(weights, mine[~train], codes[~train], targets, centre)

            row["ridge"] = test(alone[name], shown[name])
            if size:
                others = np.mean([weights for other, weights in alone.items() if other != name], axis=0)
                few = np.sort(stream.permutation(np.flatnonzero(train))[:TRIALS])
                mine = pooled(values, few, size, kind)
                row["mean of the others"] = test(others, shown[name])
                nearer, row["share"], plain = towards(mine[few], targets[codes[few]] - centre, codes[few], others)
                row |= {f"ridge-{TRIALS}": test(plain, mine), f"towards-{TRIALS}": test(nearer, mine)}
            rows.append(row)
        print(
            pd.DataFrame(rows).query("pooled == @size and kind == @kind").mean(numeric_only=True).round(3).to_dict(),
            flush=True,
        )
    compare_encodings(Path(sys.argv[1]))


if __name__ == "__main__":
    main()
