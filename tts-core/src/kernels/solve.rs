//! A small symmetric system, in 64 bits and the same on every instruction set.

/// Solves `square x = right` for a symmetric positive definite `square` `[n, n]`; the result is in `right`, `square` is used up. Returns ln of
/// the determinant.
///
/// # Panics
/// Where `square` is not `right.len()` times as long as `right`.
pub fn solve(square: &mut [f64], right: &mut [f64]) -> f64 {
    let n = right.len();
    assert_eq!(square.len(), n * n, "a square matrix of {n} rows");
    let mut log_determinant = 0.0;
    for pivot in 0..n {
        let (above, below) = square.split_at_mut((pivot + 1) * n);
        let above = &above[pivot * n..];
        log_determinant += above[pivot].ln();
        let (done, left) = right.split_at_mut(pivot + 1);
        for (row, x) in below.chunks_exact_mut(n).zip(left) {
            let factor = row[pivot] / above[pivot];
            for (a, b) in row[pivot..].iter_mut().zip(&above[pivot..]) {
                *a -= factor * b;
            }
            *x -= factor * done[pivot];
        }
    }
    for pivot in (0..n).rev() {
        let row = &square[pivot * n..(pivot + 1) * n];
        let known: f64 = row[pivot + 1..].iter().zip(&right[pivot + 1..]).map(|(a, b)| a * b).sum();
        right[pivot] = (right[pivot] - known) / row[pivot];
    }
    log_determinant
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_system_is_solved() {
        let mut square = vec![4.0, 1.0, 0.5, 1.0, 3.0, -1.0, 0.5, -1.0, 2.0];
        let mut right = vec![4.0 + 2.0 + 1.5, 1.0 + 6.0 - 3.0, 0.5 - 2.0 + 6.0];
        let log_determinant = solve(&mut square, &mut right);
        assert!(right.iter().zip([1.0, 2.0, 3.0]).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-12), "{right:?}");
        // 4 (6 - 1) - (2 + 0.5) + 0.5 (-1 - 1.5)
        assert!((log_determinant - 16.25f64.ln()).abs() < 1e-12, "{log_determinant}");
    }
}
