"""Letters of a word to chunks of zero, one or two phones: expectation maximisation over monotone alignments.

Mirrors the many-to-many aligner of Jiampojamarn, Kondrak and Sherif (2007) with one letter on the left side. Stress is
left out while aligning and put back afterwards. Words of equal shape are aligned together as numpy arrays.
"""

import collections

import numpy as np

MOST = 2  # phones a letter may stand for


def align(pairs, rounds=6):
    """`pairs`: list of (word, phones). Returns a list of chunks per word (tuples of phones, one per letter) or None
    where no alignment exists."""
    letters = sorted({c for w, _ in pairs for c in w})
    bare = sorted({p.rstrip("012") for _, ps in pairs for p in ps})
    li, pi = {c: i for i, c in enumerate(letters)}, {p: i for i, p in enumerate(bare)}
    L, P = len(letters), len(bare)
    groups = collections.defaultdict(list)
    for k, (w, ps) in enumerate(pairs):
        if len(ps) <= MOST * len(w):
            groups[len(w), len(ps)].append(k)
    data = []
    for (n, m), ks in sorted(groups.items()):
        x = np.array([[li[c] for c in pairs[k][0]] for k in ks])
        y = np.array([[pi[p.rstrip("012")] for p in pairs[k][1]] for k in ks])
        data.append((n, m, ks, x, y))

    none = np.full(L, 0.2)
    one = np.full((L, P), 1.0 / P)
    two = np.full((L, P, P), 0.02 / P / P)
    # A first guess from position: a letter goes with the phones near the diagonal.
    near = np.full((L, P), 0.01)
    for n, m, ks, x, y in data:
        for i in range(n):
            j = min(m - 1, round(i * m / n))
            np.add.at(near, (x[:, i], y[:, j]), 1.0)
    one = 0.8 * near / near.sum(1, keepdims=True)

    for r in range(rounds):
        c0, c1, c2 = np.full(L, 1e-3), np.full((L, P), 1e-4), np.full((L, P, P), 1e-7)
        total = 0.0
        for n, m, ks, x, y in data:
            a = np.zeros((n + 1, m + 1, len(ks)))
            b = np.zeros((n + 1, m + 1, len(ks)))
            a[0, 0] = 1.0
            e0 = [none[x[:, i]] for i in range(n)]
            e1 = [[one[x[:, i], y[:, j]] for j in range(m)] for i in range(n)]
            e2 = [[two[x[:, i], y[:, j], y[:, j + 1]] for j in range(m - 1)] for i in range(n)]
            for i in range(n):
                for j in range(m + 1):
                    v = a[i, j] * e0[i]
                    if j >= 1:
                        v = v + a[i, j - 1] * e1[i][j - 1]
                    if j >= 2:
                        v = v + a[i, j - 2] * e2[i][j - 2]
                    a[i + 1, j] = v
            b[n, m] = 1.0
            for i in range(n - 1, -1, -1):
                for j in range(m + 1):
                    v = b[i + 1, j] * e0[i]
                    if j < m:
                        v = v + b[i + 1, j + 1] * e1[i][j]
                    if j + 1 < m:
                        v = v + b[i + 1, j + 2] * e2[i][j]
                    b[i, j] = v
            z = a[n, m]
            ok = z > 0
            inv = np.where(ok, 1.0 / np.where(ok, z, 1.0), 0.0)
            total += np.log(z[ok]).sum()
            for i in range(n):
                for j in range(m + 1):
                    np.add.at(c0, x[:, i], a[i, j] * e0[i] * b[i + 1, j] * inv)
                    if j < m:
                        np.add.at(c1, (x[:, i], y[:, j]), a[i, j] * e1[i][j] * b[i + 1, j + 1] * inv)
                    if j + 1 < m:
                        np.add.at(c2, (x[:, i], y[:, j], y[:, j + 1]), a[i, j] * e2[i][j] * b[i + 1, j + 2] * inv)
        print(f"alignment round {r + 1}: log likelihood {total:.0f}", flush=True)
        s = c0 + c1.sum(1) + c2.sum((1, 2))
        none, one, two = c0 / s, c1 / s[:, None], c2 / s[:, None, None]

    out = [None] * len(pairs)
    with np.errstate(divide="ignore"):
        n0, n1, n2 = np.log(none), np.log(one), np.log(two)
    for n, m, ks, x, y in data:
        best = np.full((n + 1, m + 1, len(ks)), -np.inf)
        back = np.zeros((n + 1, m + 1, len(ks)), int)
        best[0, 0] = 0.0
        for i in range(n):
            for j in range(m + 1):
                options = [best[i, j] + n0[x[:, i]]]
                if j >= 1:
                    options.append(best[i, j - 1] + n1[x[:, i], y[:, j - 1]])
                if j >= 2:
                    options.append(best[i, j - 2] + n2[x[:, i], y[:, j - 2], y[:, j - 1]])
                stack = np.stack(options)
                back[i + 1, j] = stack.argmax(0)
                best[i + 1, j] = stack.max(0)
        for g, k in enumerate(ks):
            if not np.isfinite(best[n, m, g]):
                continue
            j, chunks = m, []
            for i in range(n, 0, -1):
                take = int(back[i, j, g])
                chunks.append(tuple(pairs[k][1][j - take : j]))
                j -= take
            out[k] = chunks[::-1]
    return out
