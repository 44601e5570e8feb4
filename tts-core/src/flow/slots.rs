//! Which phone is being said when: two 20 ms slots for every 40 ms frame.
//!
//! This is what makes dropping, repeating or inventing a word impossible: every frame is told which phone it is in, how
//! far it is through it, when it ends and how long it is.

/// Numbers that describe where in its phone a slot lies.
pub(crate) const FEATURES: usize = 3;

const SLOT_SECONDS: f32 = 0.02;
/// Frames of latents in a second.
pub(crate) const FRAMES_PER_SECOND: f32 = 25.0;
/// The unit of durations.
pub(crate) const USUAL_SECONDS: f32 = 0.08;

/// End times of the phones of a stretch of text.
#[derive(Debug, Clone)]
pub(crate) struct Slots {
    /// Seconds from the start of the stretch, ascending.
    ends: Vec<f32>,
}

/// Frames that a stretch of `seconds` takes.
pub(crate) fn frames_of(seconds: f32) -> usize {
    (seconds * FRAMES_PER_SECOND).ceil() as usize
}

impl Slots {
    /// From durations in seconds; not empty.
    pub(crate) fn new(durations: &[f32]) -> Self {
        let mut end = 0.0;
        let ends = durations.iter().map(|d| {
            end += d;
            end
        });
        Self { ends: ends.collect() }
    }

    /// End of every phone in seconds.
    pub(crate) fn ends(&self) -> &[f32] {
        &self.ends
    }

    /// Phone of slot `slot`, and `[position in it 0..1.5, time to its end / 100 ms, ln(duration / 80 ms)]`.
    pub(crate) fn at(&self, slot: usize) -> (usize, [f32; FEATURES]) {
        let time = (slot as f32 + 0.5) * SLOT_SECONDS;
        let phone = self.ends.partition_point(|&end| end <= time).min(self.ends.len() - 1);
        let start = if phone == 0 { 0.0 } else { self.ends[phone - 1] };
        let duration = (self.ends[phone] - start).max(0.005);
        let position = ((time - start) / duration).clamp(0.0, 1.5);
        let left = ((self.ends[phone] - time) / 0.1).clamp(-0.5, 3.0);
        (phone, [position, left, (duration / USUAL_SECONDS).ln()])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phone_of_a_slot_or_more_is_reached() {
        let slots = Slots::new(&[0.08, 0.02, 0.1, 0.033, 0.2]);
        let count = 2 * frames_of(slots.ends()[4]);
        let reached: Vec<usize> = (0..count).map(|s| slots.at(s).0).collect();
        assert_eq!(count, 22);
        for phone in 0..5 {
            assert!(reached.contains(&phone), "{phone} in {reached:?}");
        }
        assert!(reached.is_sorted());
        assert_eq!(slots.at(0), (0, [0.125, 0.7, 0.0]));
    }
}
