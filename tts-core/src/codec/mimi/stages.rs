//! What lies between the codec's ends, for the tests that compare it.

use super::*;

impl MimiDecoder {
    /// Latents `[frames, latent]` in one call: after `up`, after the transformer, sound.
    pub(crate) fn stages(&self, isa: Isa, latents: &[f32]) -> [Vec<f32>; 3] {
        let MimiDecoderState { mut output_proj, mut up, mut transformer, mut seanet, mut wide } = self.start();
        let mut raised = Vec::new();
        self.output_proj.step(isa, &mut output_proj, latents, &mut wide);
        self.up.step(isa, &mut up, &wide, &mut raised);
        let mut transformed = raised.clone();
        self.transformer.step(isa, &mut transformer, &mut transformed);
        let mut pcm = transformed.clone();
        self.seanet.step(isa, &mut seanet, &mut pcm);
        [raised, transformed, pcm]
    }
}

impl MimiEncoder {
    /// Sound in one call: after the convolutions, after the transformer, latents.
    pub(crate) fn stages(&self, isa: Isa, pcm: &[f32]) -> [Vec<f32>; 3] {
        let mut convolved = pcm.to_vec();
        convolved.resize(pcm.len().next_multiple_of(self.samples), 0.0);
        self.seanet.step(isa, &mut self.seanet.start(), &mut convolved);
        let mut transformed = convolved.clone();
        self.transformer.step(isa, &mut self.transformer.start(), &mut transformed);
        let mut latents = Vec::new();
        self.down.step(isa, &mut self.down.start(), &transformed, &mut latents);
        [convolved, transformed, latents]
    }
}
