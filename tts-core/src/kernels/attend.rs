//! Attention of a few neighbouring query positions over cached keys and values (Vaswani et al. 2017, section 3.2).

use super::act::softmax_body;
use super::packed::{from_f16_bits, to_f16_bits};
use super::simd::{LANES, Lanes, Simd, padded};
use super::{Isa, dispatch};

/// Keys and values, `[N, heads·D]` each, in two contiguous runs, as a ring holds them, the older run first; either may be empty. The
/// same positions lie at the same places of both.
#[derive(Clone, Copy, Debug)]
pub enum Rows<'a> {
    /// As computed.
    F32([[&'a [f32]; 2]; 2]),
    /// IEEE binary16 bits, finite: see [`to_halves`].
    F16([[&'a [u16]; 2]; 2]),
}

/// What a position may look at.
#[derive(Clone, Copy, Debug)]
pub struct Past<'a> {
    /// Keys and values.
    pub rows: Rows<'a>,
    /// Heads of keys and of values.
    pub heads: usize,
    /// Channels of a head, D.
    pub dim: usize,
    /// How many positions one sees at most, its own included.
    pub window: usize,
}

/// Values of scratch that [`attend`] needs for `queries` positions over `rows` cached ones.
#[must_use]
pub fn attend_scratch(queries: usize, rows: usize, heads: usize) -> usize {
    queries * rows * heads
}

/// `out_h = Σ_n softmax_n(q_h·k[n]_g / √D)·v[n]_g` for each of `heads` heads of T positions; the past's heads divide `heads`, and
/// head g of keys and values serves `heads / past.heads` neighbouring heads of q (grouped queries: Ainslie et al. 2023).
///
/// out: `[T, heads·D]`. q: T rows `[heads·D]`, row t at `q[t·stride..]`. The last T of the past's N rows are the
/// positions of the queries themselves: query t sees the `past.window` rows that end with row `N - T + t`. `scratch` holds at least
/// [`attend_scratch`] values. The result has the same bits wherever the ring is cut and whatever queries come together.
/// Without any row, out is zero.
///
/// # Panics
/// If the lengths do not fit each other.
pub fn attend(isa: Isa, out: &mut [f32], q: &[f32], stride: usize, heads: usize, past: &Past<'_>, scratch: &mut [f32]) {
    let width = past.heads * past.dim;
    let rows = match past.rows {
        Rows::F32(rows) => whole_rows(rows, width),
        Rows::F16(rows) => whole_rows(rows, width),
    };
    let dims = heads * past.dim;
    if dims == 0 || rows == 0 {
        out.fill(0.0);
        return;
    }
    assert!(heads.is_multiple_of(past.heads), "{heads} heads on {} of keys", past.heads);
    assert!(out.len().is_multiple_of(dims), "out of whole rows of {dims}, found {} values", out.len());
    let queries = out.len() / dims;
    assert!(queries <= rows, "{queries} queries over {rows} rows, among which are their own");
    let needed = queries.checked_sub(1).map_or(0, |last| last * stride + dims);
    assert!(needed <= q.len(), "q of {needed} values, found {}", q.len());
    let needed = attend_scratch(queries, rows, heads);
    assert!(scratch.len() >= needed, "scratch of {needed} values, found {}", scratch.len());
    let shape = Shape { queries, rows, heads, shared: heads / past.heads, dim: past.dim, window: past.window, stride };
    dispatch!(isa, body(out: &mut [f32], q: &[f32], past: &Past<'_>, shape: Shape, scratch: &mut [f32]));
}

fn whole_rows<T>([keys, values]: [[&[T]; 2]; 2], width: usize) -> usize {
    let mut rows = 0;
    for run in 0..2 {
        assert_eq!(keys[run].len(), values[run].len(), "as many values as keys in run {run}");
        assert!(keys[run].is_empty() || keys[run].len().is_multiple_of(width), "keys of whole rows of {width}");
        rows += keys[run].len() / width.max(1);
    }
    rows
}

/// `x` as IEEE binary16 bits, rounded to nearest; what is larger than a half holds becomes the largest one.
///
/// # Panics
/// If the lengths differ.
pub fn to_halves(out: &mut [u16], x: &[f32]) {
    const LARGEST: f32 = 65504.0;
    assert_eq!(out.len(), x.len(), "as many halves as values");
    for (out, x) in out.iter_mut().zip(x) {
        *out = to_f16_bits(x.clamp(-LARGEST, LARGEST));
    }
}

/// What halves (binary16 bits) say, as f32.
///
/// # Panics
/// If the lengths differ.
pub fn from_halves(out: &mut [f32], x: &[u16]) {
    assert_eq!(out.len(), x.len(), "as many values as halves");
    for (out, x) in out.iter_mut().zip(x) {
        *out = from_f16_bits(*x);
    }
}

/// One number of keys or values.
trait Element: Copy + Default {
    fn vector<S: Simd>(s: S, lanes: &[Self; LANES]) -> S::Vector;
}

impl Element for f32 {
    #[inline(always)]
    fn vector<S: Simd>(s: S, lanes: &Lanes) -> S::Vector {
        s.load(lanes)
    }
}

impl Element for u16 {
    #[inline(always)]
    fn vector<S: Simd>(s: S, lanes: &[u16; LANES]) -> S::Vector {
        s.halves(lanes)
    }
}

/// Sizes of one call.
#[derive(Clone, Copy)]
struct Shape {
    queries: usize,
    rows: usize,
    heads: usize,
    /// Heads of queries for one of keys.
    shared: usize,
    dim: usize,
    window: usize,
    stride: usize,
}

impl Shape {
    /// Rows that a query sees.
    #[inline(always)]
    fn seen(&self, query: usize) -> [usize; 2] {
        let end = self.rows + query + 1 - self.queries;
        [end.saturating_sub(self.window), end]
    }

    /// Those among `rows`, from the first one to behind the last one; nothing if the second is no larger.
    #[inline(always)]
    fn seen_of(&self, query: usize, rows: [usize; 2]) -> [usize; 2] {
        let [first, end] = self.seen(query);
        [first.max(rows[0]), end.min(rows[1])]
    }

    /// Queries that see some of `rows`, each with what it sees and whether the next one comes along: it sees the same, and there are
    /// registers for both.
    #[inline(always)]
    fn turns<S: Simd>(&self, rows: [usize; 2]) -> impl Iterator<Item = (usize, [usize; 2], bool)> {
        let (shape, mut next) = (*self, 0);
        std::iter::from_fn(move || {
            while next < shape.queries {
                let (query, seen) = (next, shape.seen_of(next, rows));
                next += 1;
                if seen[0] < seen[1] {
                    let paired = S::WIDE == 2 && next < shape.queries && seen == shape.seen_of(next, rows);
                    next += usize::from(paired);
                    return Some((query, seen, paired));
                }
            }
            None
        })
    }

    /// Every head with its head of keys and values.
    #[inline(always)]
    fn heads_by_group(&self) -> impl Iterator<Item = (usize, usize)> {
        let (mut group, mut head, shared, heads) = (0, 0, self.shared, self.heads);
        std::iter::from_fn(move || {
            let here = (group, head);
            head += 1;
            if head == (group + 1) * shared {
                group += 1;
            }
            (here.1 < heads).then_some(here)
        })
    }

    fn width(&self) -> usize {
        self.heads / self.shared * self.dim
    }
}

#[inline(always)]
fn body<S: Simd>(s: S, out: &mut [f32], q: &[f32], past: &Past<'_>, shape: Shape, scores: &mut [f32]) {
    match past.rows {
        Rows::F32(rows) => attend_heads(s, out, q, rows, shape, scores),
        Rows::F16(rows) => attend_heads(s, out, q, rows, shape, scores),
    }
}

/// Heads of the usual sizes are compiled for them, so that no loop over channels is counted (docs/SPEED.md).
#[inline(always)]
fn attend_heads<S: Simd, E: Element>(
    s: S,
    out: &mut [f32],
    q: &[f32],
    past: [[&[E]; 2]; 2],
    shape: Shape,
    scores: &mut [f32],
) {
    match shape.dim {
        32 => attend_runs(s, out, q, past, Shape { dim: 32, ..shape }, scores),
        64 => attend_runs(s, out, q, past, Shape { dim: 64, ..shape }, scores),
        _ => attend_runs(s, out, q, past, shape, scores),
    }
}

/// A few rows of the past at a time, all heads and queries of these: a row is fetched once. Head by head, whose parts lie a row apart, half
/// of the time was waiting for the second cache; query by query, nearly all of it (docs/SPEED.md).
#[inline(always)]
fn attend_runs<S: Simd, E: Element>(
    s: S,
    out: &mut [f32],
    q: &[f32],
    [keys, values]: [[&[E]; 2]; 2],
    shape: Shape,
    scores: &mut [f32],
) {
    let Shape { queries, rows, heads, dim, stride, .. } = shape;
    let width = shape.width();
    let scale = 1.0 / (dim as f32).sqrt();
    let mut done = 0;
    for run in keys {
        for keys in run.chunks(NEAR * width) {
            let here = [done, done + keys.len() / width];
            for (group, head) in shape.heads_by_group() {
                let keys = &keys[group * dim..];
                for (query, [first, end], paired) in shape.turns::<S>(here) {
                    let keys = &keys[(first - done) * width..];
                    let q = |query: usize| &q[query * stride + head * dim..][..dim];
                    let at = |query: usize| (query * heads + head) * rows + first..(query * heads + head) * rows + end;
                    if paired {
                        let both = scores.get_disjoint_mut([at(query), at(query + 1)]).expect("two queries lie apart");
                        score_head(s, both, [q(query), q(query + 1)], keys, width, scale);
                    } else {
                        score_head(s, [&mut scores[at(query)]], [q(query)], keys, width, scale);
                    }
                }
            }
            done = here[1];
        }
    }
    for query in 0..queries {
        let [first, end] = shape.seen(query);
        for head in 0..heads {
            softmax_body(s, &mut scores[(query * heads + head) * rows..][first..end]);
        }
    }
    out.fill(0.0);
    let mut done = 0;
    for run in values {
        for values in run.chunks(NEAR * width) {
            let here = [done, done + values.len() / width];
            for (group, head) in shape.heads_by_group() {
                let values = &values[group * dim..];
                for (query, [first, end], paired) in shape.turns::<S>(here) {
                    let values = &values[(first - done) * width..];
                    let shares = |query: usize| &scores[(query * heads + head) * rows..][first..end];
                    let at = |query: usize| (query * heads + head) * dim..(query * heads + head + 1) * dim;
                    if paired {
                        let both = out.get_disjoint_mut([at(query), at(query + 1)]).expect("two queries lie apart");
                        mix_head(s, both, [shares(query), shares(query + 1)], values, width);
                    } else {
                        mix_head(s, [&mut out[at(query)]], [shares(query)], values, width);
                    }
                }
            }
            done = here[1];
        }
    }
}

/// Rows of keys or values that all heads and queries look at before the next: they stay in the first cache.
const NEAR: usize = 8;

/// `scores[n] = scale·Σ_c q[c]·keys[n·width + c]` for each of `Q` queries.
#[inline(always)]
fn score_head<S: Simd, E: Element, const Q: usize>(
    s: S,
    scores: [&mut [f32]; Q],
    q: [&[f32]; Q],
    keys: &[E],
    width: usize,
    scale: f32,
) {
    let rows = scores[0].len();
    for row in (0..rows).step_by(4) {
        let keys = &keys[row * width..];
        let mut dots = dots(s, q, keys, width, (rows - row).min(4));
        for n in 0..Q {
            for dot in &mut dots[n] {
                *dot *= scale;
            }
            let scores = &mut scores[n][row..];
            match scores.first_chunk_mut() {
                Some(four) => *four = dots[n],
                None => {
                    for (score, dot) in scores.iter_mut().zip(dots[n]) {
                        *score = dot;
                    }
                }
            }
        }
    }
}

/// `Σ_c q[c]·keys[r·stride + c]` for four rows and each of `Q` queries; where there are only `rows`, what is behind them says nothing.
#[inline(always)]
fn dots<S: Simd, E: Element, const Q: usize>(
    s: S,
    q: [&[f32]; Q],
    keys: &[E],
    stride: usize,
    rows: usize,
) -> [[f32; 4]; Q] {
    let mut each = [&keys[..0]; 4];
    for r in 0..4 {
        each[r] = &keys[r.min(rows - 1) * stride..][..q[0].len()];
    }
    let mut totals = [[s.splat(0.0); 4]; Q];
    let whole = q[0].len() / LANES;
    for block in 0..whole {
        for r in 0..4 {
            let keys = E::vector(s, &each[r].as_chunks().0[block]);
            for n in 0..Q {
                totals[n][r] = s.vector_madd(keys, s.load(&q[n].as_chunks().0[block]), totals[n][r]);
            }
        }
    }
    let rest = q[0].len() % LANES;
    let mut out = [[0.0; 4]; Q];
    for n in 0..Q {
        if rest > 0 {
            let q = s.load(&padded(&q[n][whole * LANES..], 0.0));
            for r in 0..4 {
                let mut lanes = [E::default(); LANES];
                lanes[..rest].copy_from_slice(&each[r][whole * LANES..]);
                totals[n][r] = s.vector_madd(E::vector(s, &lanes), q, totals[n][r]);
            }
        }
        out[n] = s.sums(totals[n]);
    }
    out
}

/// `out[c] += Σ_n shares[n]·values[n·width + c]` for each of `Q` queries, row by row.
#[inline(always)]
fn mix_head<S: Simd, E: Element, const Q: usize>(
    s: S,
    mut out: [&mut [f32]; Q],
    shares: [&[f32]; Q],
    values: &[E],
    width: usize,
) {
    let dim = out[0].len();
    let mut first = 0;
    while first + 4 * LANES <= dim {
        mix::<S, E, 4, Q>(s, &mut out, first, shares, &values[first..], width);
        first += 4 * LANES;
    }
    while first + 2 * LANES <= dim {
        mix::<S, E, 2, Q>(s, &mut out, first, shares, &values[first..], width);
        first += 2 * LANES;
    }
    if first + LANES <= dim {
        mix::<S, E, 1, Q>(s, &mut out, first, shares, &values[first..], width);
        first += LANES;
    }
    let rest = dim - first;
    if rest > 0 {
        for query in 0..Q {
            let mut total = s.load(&padded(&out[query][first..], 0.0));
            for (n, share) in shares[query].iter().enumerate() {
                let mut lanes = [E::default(); LANES];
                lanes[..rest].copy_from_slice(&values[n * width + first..][..rest]);
                total = s.vector_madd(E::vector(s, &lanes), s.splat(*share), total);
            }
            let mut lanes = [0.0; LANES];
            s.store(total, &mut lanes);
            out[query][first..].copy_from_slice(&lanes[..rest]);
        }
    }
}

/// [`mix_head`] for `16·B` channels from `first` on, summed in registers.
#[inline(always)]
fn mix<S: Simd, E: Element, const B: usize, const Q: usize>(
    s: S,
    out: &mut [&mut [f32]; Q],
    first: usize,
    shares: [&[f32]; Q],
    mut values: &[E],
    width: usize,
) {
    let mut sums = [[s.splat(0.0); B]; Q];
    for query in 0..Q {
        for block in 0..B {
            sums[query][block] = s.load(&out[query][first..].as_chunks().0[block]);
        }
    }
    for row in 0..shares[0].len() {
        let blocks = &values.as_chunks().0[..B];
        for block in 0..B {
            let values = E::vector(s, &blocks[block]);
            for query in 0..Q {
                sums[query][block] = s.vector_madd(values, s.splat(shares[query][row]), sums[query][block]);
            }
        }
        // nothing is behind the last row
        values = &values[width.min(values.len())..];
    }
    for query in 0..Q {
        for block in 0..B {
            s.store(sums[query][block], &mut out[query][first..].as_chunks_mut().0[block]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::oracle::{self, Values, hold, worst};
    use super::*;

    const SHAPES: [(usize, usize, usize); 9] =
        [(1, 1, 1), (2, 2, 3), (4, 4, 16), (3, 3, 17), (4, 4, 64), (1, 1, 80), (4, 2, 16), (3, 1, 17), (8, 2, 64)];

    fn halves(x: &[f32]) -> Vec<u16> {
        let mut halves = vec![0; x.len()];
        to_halves(&mut halves, x);
        halves
    }

    /// `[queries, heads·D]` of what queries see with any cut, of f32 and then of halves.
    fn attended(isa: Isa, q: &[f32], past: [&[f32]; 2], sizes: [usize; 4], cut: usize) -> [Vec<f32>; 2] {
        let [heads, kv_heads, dim, window] = sizes;
        let rows = past[0].len() / (kv_heads * dim);
        let mut scratch = vec![f32::NAN; attend_scratch(q.len() / (heads * dim), rows, heads) + 3];
        let mut run = |rows| {
            let past = Past { rows, heads: kv_heads, dim, window };
            let mut out = vec![f32::NAN; q.len()];
            attend(isa, &mut out, q, heads * dim, heads, &past, &mut scratch);
            out
        };
        let [keys, values] = past.map(|rows| rows.split_at(cut * kv_heads * dim));
        let full = run(Rows::F32([[keys.0, keys.1], [values.0, values.1]]));
        let [keys, values] = [keys, values].map(|(old, new)| (halves(old), halves(new)));
        [full, run(Rows::F16([[&keys.0, &keys.1], [&values.0, &values.1]]))]
    }

    #[test]
    fn attention_matches_the_oracle_and_does_not_see_the_cut() {
        for isa in Isa::available() {
            let mut values = Values::new(7);
            let mut error = [0f64; 2];
            for (heads, kv_heads, dim) in SHAPES {
                let width = kv_heads * dim;
                for rows in [1, 2, 15, 16, 17, 33, 128] {
                    let q: Vec<f32> = values.take(heads * dim).iter().map(|q| 4.0 * q).collect();
                    let (k, v) = (values.take(rows * width), values.take(rows * width));
                    let sizes = [heads, kv_heads, dim, usize::MAX];
                    let whole = attended(isa, &q, [&k, &v], sizes, rows);
                    let round = |x: &[f32]| {
                        let (bits, mut out) = (halves(x), vec![0.0; x.len()]);
                        from_halves(&mut out, &bits);
                        out
                    };
                    for (n, [k, v]) in [[k.clone(), v.clone()], [round(&k), round(&v)]].iter().enumerate() {
                        error[n] = error[n].max(worst(&whole[n], &oracle::attend(&q, k, v, heads, kv_heads), |_| 1.0));
                    }
                    for cut in [0, 1, rows / 2] {
                        assert_eq!(attended(isa, &q, [&k, &v], sizes, cut), whole, "{isa:?} cut {cut}");
                    }
                }
            }
            hold("attend", isa, error[0], 5e-7); // 1.6e-7
            hold("attend, halves", isa, error[1], 5e-7);
        }
    }

    /// Each of several queries equals that query alone over the rows that it sees, bit for bit.
    #[test]
    fn queries_together_are_queries_alone() {
        for isa in Isa::available() {
            let mut values = Values::new(8);
            for (heads, kv_heads, dim) in SHAPES {
                let width = kv_heads * dim;
                for (rows, queries, window) in
                    [(1, 1, 1), (9, 5, 3), (40, 8, 33), (40, 16, 24), (20, 20, 99), (7, 6, 7)]
                {
                    let q = values.take(queries * heads * dim);
                    let (k, v) = (values.take(rows * width), values.take(rows * width));
                    let together = attended(isa, &q, [&k, &v], [heads, kv_heads, dim, window], rows / 3);
                    for (t, q) in q.chunks(heads * dim).enumerate() {
                        let end = rows + t + 1 - queries;
                        let seen = end.saturating_sub(window) * width..end * width;
                        let past = [&k[seen.clone()], &v[seen]];
                        let alone = attended(isa, q, past, [heads, kv_heads, dim, usize::MAX], 0);
                        for n in 0..2 {
                            let part = &together[n][t * heads * dim..][..heads * dim];
                            assert_eq!(part, alone[n], "{isa:?} {heads} {kv_heads} {dim}, query {t} of {queries}");
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_to_attend_to_is_zero() {
        let mut out = [f32::NAN; 4];
        let past = Past { rows: Rows::F32([[&[]; 2]; 2]), heads: 2, dim: 2, window: 1 };
        attend(Isa::detect(), &mut out, &[1.0; 4], 4, 2, &past, &mut []);
        assert_eq!(out, [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "scratch of 6 values")]
    fn short_scratch_is_refused() {
        let rows = Rows::F32([[&[0.0; 12], &[]]; 2]);
        let past = Past { rows, heads: 2, dim: 2, window: 9 };
        attend(Isa::detect(), &mut [0.0; 4], &[0.0; 4], 4, 2, &past, &mut [0.0; 5]);
    }

    #[test]
    fn what_no_half_holds_becomes_the_largest() {
        let mut out = [0.0; 4];
        from_halves(&mut out, &halves(&[1e9, -1e9, 0.5, f32::INFINITY]));
        assert_eq!(out, [65504.0, -65504.0, 0.5, 65504.0]);
    }
}
