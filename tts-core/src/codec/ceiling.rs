//! Keeps sound within full scale without a corner: pulses of a voice are steep, and a loud one would be cut off.
//!
//! In and out: PCM, full scale at 1. Each sample is bent by itself, so nothing waits and chunks do not matter.

/// Below this a sample stays as it is, bit for bit...
const BENT: f32 = 0.8;
/// ...and none comes out above this.
const CEILING: f32 = 0.98;

/// Bends what is too loud.
pub(crate) fn keep_below(pcm: &mut [f32]) {
    for x in pcm.iter_mut().filter(|x| x.abs() > BENT) {
        let room = CEILING - BENT;
        *x = (BENT + room * ((x.abs() - BENT) / room).tanh()).copysign(*x);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loud_is_bent_and_the_rest_is_left() {
        let mut pcm: Vec<f32> = (-4000..=4000).map(|i| i as f32 * 1e-3).collect();
        let before = pcm.clone();
        keep_below(&mut pcm);
        for (x, before) in pcm.iter().zip(&before).filter(|(_, before)| before.abs() <= BENT) {
            assert_eq!(x.to_bits(), before.to_bits());
        }
        assert!(pcm.is_sorted() && pcm.iter().all(|x| x.abs() <= CEILING), "{:?}", pcm.last());
        // no corner: the slope is 1 where bending begins
        let slope = (pcm[4810] - pcm[4800]) / (before[4810] - before[4800]);
        assert!((slope - 1.0).abs() < 0.01, "{slope}");
        let mut strange = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        keep_below(&mut strange);
        assert!(strange[0].is_nan() && strange[1..] == [CEILING, -CEILING], "{strange:?}");
    }
}
