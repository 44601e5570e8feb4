//! The head by itself, for the tests that compare it.

use super::*;

impl PocketLm {
    /// `condition` `[rows, channels]` and `noise` `[rows, latent]` to latents, in `steps` steps.
    pub(crate) fn head_alone(&self, isa: Isa, steps: usize, condition: &[f32], noise: &[f32]) -> Vec<f32> {
        let (sampler, mut scratch) = (self.head.sampler(isa, steps, 1.0), HeadScratch::default());
        let mut latents = vec![0.0; noise.len()];
        let rows = condition.chunks_exact(self.end.inputs()).zip(noise.chunks_exact(self.latent));
        for ((condition, noise), latent) in rows.zip(latents.chunks_exact_mut(self.latent)) {
            self.head.sample(isa, &mut scratch, condition, Draw { sampler: &sampler, noise, latent });
        }
        latents
    }

    /// Channels of what the head is told.
    pub(crate) fn condition_channels(&self) -> usize {
        self.end.inputs()
    }
}
