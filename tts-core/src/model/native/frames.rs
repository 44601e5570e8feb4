//! Frames of a stretch, one after the other: of one stream, or of several together.

use super::{Generator, NativeModel, Stretch};
pub(crate) use crate::flow::FlowScratch;
use crate::flow::{FRAMES_PER_SECOND, FlowTurn, Frame};
use crate::kernels::Isa;

/// A stream that is to make a frame of a stretch that has one.
#[derive(Debug)]
pub(crate) struct NativeTurn<'s> {
    pub(crate) generator: &'s mut Generator,
    pub(crate) stretch: &'s mut Stretch,
    /// Becomes the frame, `[latent + expression]`.
    pub(crate) frame: &'s mut [f32],
}

impl Stretch {
    /// Whether there is another frame.
    pub(crate) fn goes_on(&self) -> bool {
        self.next < self.frames
    }

    /// Goes past a frame, whose expression it gives.
    fn pass(&mut self, expression: &mut [f32]) {
        self.next += 1;
        let end = self.next as f32 / FRAMES_PER_SECOND;
        expression.copy_from_slice(&self.manner.expression(&self.spoken, end).to_array());
    }
}

impl NativeModel {
    /// The next frame.
    pub(crate) fn next_frame(&self, turn: NativeTurn<'_>) {
        let NativeTurn { generator, stretch, frame } = turn;
        generator.noise.fill(&mut generator.noise_frame);
        let (latent, expression) = frame.split_at_mut(self.config.flow_lm.latent);
        self.next_latent(generator, stretch, latent);
        stretch.pass(expression);
    }

    /// The latent of the next frame of `stretch`, from `generator.noise_frame`.
    fn next_latent(&self, generator: &mut Generator, stretch: &Stretch, out: &mut [f32]) {
        #[cfg(feature = "oracle")]
        if self.latent_of_other(generator, stretch, out) {
            return;
        }
        self.condition(generator, stretch);
        let Generator { isa, conditioning, flow, noise_frame, condition, .. } = generator;
        self.flow.step(*isa, flow, &conditioning.sampler, condition, noise_frame);
        self.flow.denormalise(flow.latent(), out);
    }

    /// [`NativeModel::next_frame`] of several streams, the turns of which `of` finds: each has the bits it has alone.
    pub(crate) fn next_frame_each<S>(
        &self,
        isa: Isa,
        scratch: &mut FlowScratch,
        streams: &mut [S],
        of: impl Fn(&mut S) -> NativeTurn<'_>,
    ) {
        #[cfg(feature = "oracle")]
        if self.networks.is_some() {
            return streams.iter_mut().for_each(|stream| self.next_frame(of(stream)));
        }
        for stream in &mut *streams {
            let NativeTurn { generator, stretch, .. } = of(stream);
            generator.noise.fill(&mut generator.noise_frame);
            self.condition(generator, stretch);
        }
        self.flow.step_each(isa, scratch, streams, |stream| {
            let Generator { conditioning, flow, noise_frame, condition, .. } = of(stream).generator;
            FlowTurn { state: flow, sampler: &conditioning.sampler, condition, noise: noise_frame }
        });
        for stream in streams {
            let NativeTurn { generator, stretch, frame } = of(stream);
            let (latent, expression) = frame.split_at_mut(self.config.flow_lm.latent);
            self.flow.denormalise(generator.flow.latent(), latent);
            stretch.pass(expression);
        }
    }

    /// Leaves the condition of the next frame in `generator`.
    fn condition(&self, generator: &mut Generator, stretch: &Stretch) {
        let Generator { isa, conditioning, condition, scratch, .. } = generator;
        let frame = Frame {
            text: &stretch.text,
            slots: &stretch.slots,
            index: stretch.next,
            style_condition: &conditioning.style_condition,
        };
        self.flow.condition(*isa, scratch, frame, condition);
    }
}
