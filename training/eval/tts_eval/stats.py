"""The statistics behind every figure: slopes within speakers, intervals by resampling speakers, permutation, equivalence.

Everything takes plain sequences of equal length, one entry a measurement; `speaker` says whose it is. Nothing here knows of sound.
"""
import numpy as np
from scipy import stats as distributions

DRAWS = 2000  # of speakers, for an interval


def by_speaker(speaker):
    """{speaker: row numbers}, in the order of first appearance."""
    rows = {}
    for number, name in enumerate(speaker):
        rows.setdefault(name, []).append(number)
    return {name: np.array(numbers) for name, numbers in rows.items()}


def interval(groups, statistic, draws=DRAWS, seed=0):
    """(value, low, high): `statistic` of the list `groups`, and its 95 % interval when groups are drawn with replacement."""
    groups = list(groups)
    value = float(statistic(groups))
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(draws):
        drawn = statistic([groups[i] for i in rng.integers(0, len(groups), len(groups))])
        if np.isfinite(drawn):
            found.append(drawn)
    if len(groups) < 2 or not found:
        return value, float("nan"), float("nan")
    low, high = np.percentile(found, [2.5, 97.5])
    return value, float(low), float(high)


def mean_interval(values, seed=0):
    """(mean, low, high) of one value a speaker."""
    values = [value for value in values if np.isfinite(value)]
    if not values:
        return float("nan"), float("nan"), float("nan")
    return interval(values, np.mean, seed=seed)


def slope_within(speaker, x, y, seed=0):
    """(slope, low, high) of y on x with every speaker's mean of both taken away: 0 nothing is copied, 1 everything is."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    sums = []
    for rows in by_speaker(speaker).values():
        rows = rows[np.isfinite(x[rows]) & np.isfinite(y[rows])]
        if len(rows) > 1:
            dx, dy = x[rows] - x[rows].mean(), y[rows] - y[rows].mean()
            sums.append((float(dx @ dy), float(dx @ dx)))
    if not sums:
        return float("nan"), float("nan"), float("nan")

    def slope(drawn):
        above, below = np.sum(drawn, 0)
        return above / below if below > 0 else float("nan")

    return interval(sums, slope, seed=seed)


def centred(speaker, features):
    """[rows, n] with each speaker's mean taken away; columns in units of their spread, missing values as 0."""
    features = np.array(features, float)
    for rows in by_speaker(speaker).values():
        with np.errstate(all="ignore"):
            mean = np.nanmean(np.where(np.isfinite(features[rows]), features[rows], np.nan), 0)
        features[rows] -= np.where(np.isfinite(mean), mean, 0)
    spread = np.nanstd(features, 0)
    return np.nan_to_num(features / np.where(spread > 1e-9, spread, 1), nan=0.0, posinf=0.0, neginf=0.0)


def balanced(truth, guess):
    """Mean over the classes of the share recognised."""
    return float(np.mean([np.mean(guess[truth == label] == label) for label in np.unique(truth)]))


def discriminant(features, label):
    """(classes, W, b): a linear discriminant with even priors; `features @ W + b` is largest for the class.

    The classes share a covariance, shrunken towards a multiple of the identity as far as the oracle approximation says
    (Chen, Wiesel, Eldar and Hero 2010).
    """
    classes, index = np.unique(label, return_inverse=True)
    means = np.stack([features[index == number].mean(0) for number in range(len(classes))])
    rest = features - means[index]
    count, width = rest.shape
    covariance = rest.T @ rest / count
    trace, square = np.trace(covariance), np.sum(covariance**2)
    apart = (count + 1 - 2 / width) * (square - trace**2 / width)
    part = min(1.0, ((1 - 2 / width) * square + trace**2) / apart) if apart > 0 else 1.0
    shrunken = (1 - part) * covariance + (part * trace / width + 1e-9) * np.eye(width)
    weights = np.linalg.solve(shrunken, means.T)
    return classes, weights, -0.5 * np.sum(means.T * weights, 0)


def predict(model, features):
    classes, weights, bias = model
    return classes[np.argmax(features @ weights + bias, 1)]


def guesses(fold, features, label):
    """What a linear discriminant says of each row, having learned from the other folds only."""
    fold, label = np.asarray(fold), np.asarray(label)
    out = np.empty(len(label), label.dtype)
    for held in np.unique(fold):
        learn = fold != held
        out[~learn] = predict(discriminant(features[learn], label[learn]), features[~learn])
    return out


def decode(speaker, features, label, permutations=200, draws=DRAWS, seed=0):
    """How well `label` can be read from speaker-centred `features` of speakers never heard, and whether that could be luck.

    Returns accuracy (balanced), low, high (speakers drawn), chance, p (labels shuffled within speakers), classes, rows.
    """
    speaker, label = np.asarray(speaker), np.asarray(label)
    features = centred(speaker, features)
    guess = guesses(speaker, features, label)
    rows = list(by_speaker(speaker).values())

    def of(drawn):
        drawn = np.concatenate(drawn)
        return balanced(label[drawn], guess[drawn])

    accuracy, low, high = interval(rows, of, draws)
    rng = np.random.default_rng(seed)
    as_good = 0
    for _ in range(permutations):
        shuffled = label.copy()
        for own in rows:
            shuffled[own] = rng.permutation(shuffled[own])
        as_good += balanced(shuffled, guesses(speaker, features, shuffled)) >= accuracy - 1e-12
    return {
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "chance": 1 / len(np.unique(label)),
        "p": (1 + as_good) / (1 + permutations),
        "classes": len(np.unique(label)),
        "rows": len(label),
    }


def equivalent(differences, margin, alpha=0.05):
    """Two one-sided t tests: whether the mean of paired differences lies within +-margin with confidence 1 - alpha."""
    differences = np.asarray(differences, float)
    differences = differences[np.isfinite(differences)]
    n = len(differences)
    if n < 2:
        return False
    error = differences.std(ddof=1) / np.sqrt(n)
    reach = distributions.t.ppf(1 - alpha, n - 1) * error
    return bool(abs(differences.mean()) + reach < margin)


def spearman(asked, measured):
    """Rank correlation; nan where nothing varies."""
    asked, measured = np.asarray(asked, float), np.asarray(measured, float)
    good = np.isfinite(asked) & np.isfinite(measured)
    if good.sum() < 3 or np.ptp(asked[good]) == 0 or np.ptp(measured[good]) == 0:
        return float("nan")
    return float(distributions.spearmanr(asked[good], measured[good]).statistic)


def normalised_similarity(similarity, floor, ceiling):
    """nSIM: 0 is a stranger of the same gender, 1 the person's own other recordings."""
    return (similarity - floor) / (ceiling - floor) if ceiling - floor > 1e-6 else float("nan")
