//! Source-filter parameters at 100 Hz to 24 kHz PCM, pulse by pulse.
//!
//! After WORLD's synthesis (Morise, Yokomori and Ozawa 2016): phase accumulates at F0; at every wrap, at its fractional
//! position, stands a pulse whose response is the minimum-phase impulse response of the spectral envelope, split by the
//! aperiodicity into a periodic part and a part convolved with one period of white noise. Unvoiced stretches get noise
//! pulses at 500 Hz. Responses overlap and add. Gains of the two parts, where there are any, tell what bands cannot.
//!
//! A response needs the position of the next pulse (its period), so sound leaves one 10 ms frame and one period behind
//! the parameters; [`Renderer::finish`] flushes.

use realfft::num_complex::Complex32;

use super::spectrum::{APERIODICITIES, BINS, FFT, Fft, Interpolation, SAMPLE_RATE, SpectrumScratch};
use crate::kernels::{self, Isa};

/// Samples per frame of parameters.
pub(crate) const HOP: usize = 240;
/// Parameters of a frame that are not envelope bands: aperiodicity at 0 Hz, the coded ones, and F0.
pub(super) const PARAMETERS_BESIDE_ENVELOPE: usize = APERIODICITIES + 2;
/// Gains are told at every second bin.
pub(super) const GAIN_POINTS: usize = BINS.div_ceil(2);

/// Rate of noise pulses where there is no voice, in Hz.
const UNVOICED_HZ: f64 = 500.0;
/// The last pulse of a stream is this long at most.
const LAST_PERIOD: usize = 48;
/// Samples a step may add before they can leave: a hop, a period at 30 Hz, a response.
const ROOM: usize = 4 * HOP + FFT + FFT;
const APERIODICITY_RANGE: (f32, f32) = (1e-3, 1.0);

/// Tables; no state.
#[derive(Debug)]
pub(crate) struct Renderer {
    bands: usize,
    /// Numbers of a row.
    width: usize,
    envelope: Interpolation,
    aperiodicity: Interpolation,
    gain: Interpolation,
    fft: Fft,
}

/// One frame, spread to bins.
#[derive(Debug, Clone)]
struct Frame {
    /// Power of every bin.
    power: Vec<f32>,
    /// Share of noise in the amplitude of every bin.
    aperiodicity: Vec<f32>,
    /// Of every bin, how much louder the amplitude of voice and that of breath are; empty if no gains are told.
    gains: [Vec<f32>; 2],
    /// Hz; 0 where unvoiced.
    f0: f64,
}

/// A pulse whose period is not known yet.
#[derive(Debug, Clone, Copy)]
struct Pulse {
    /// Sample it stands before.
    sample: u64,
    /// Samples from there to the pulse, 0..1.
    fraction: f64,
    voiced: bool,
}

/// Everything of a stream that outlives a call.
#[derive(Debug, Clone)]
pub(crate) struct RendererState {
    /// The last three frames: `frames[2]` is the newest.
    frames: [Frame; 3],
    /// Frames taken.
    taken: u64,
    /// Phase of the last sample looked at, in periods, 0..1.
    phase: f64,
    /// Whether that sample is voiced.
    voiced: bool,
    pending: Option<Pulse>,
    /// Sound from sample `left` on, as far as responses reach.
    overlap: Vec<f32>,
    /// Samples that have left.
    left: u64,
    /// Power of every bin at the place of the pending pulse.
    voice: Vec<f32>,
    breath: Vec<f32>,
    air: Vec<f32>,
    air_spectrum: Vec<Complex32>,
    response: Vec<Complex32>,
    response_time: Vec<f32>,
    spectrum: SpectrumScratch,
}

impl Renderer {
    /// For rows of `width` numbers: `bands` mel bands, four aperiodicities, F0, and gains or none.
    pub(crate) fn new(bands: usize, width: usize) -> Self {
        let gains = width - bands - PARAMETERS_BESIDE_ENVELOPE;
        assert!(gains == 0 || gains == 2 * GAIN_POINTS, "{gains} gains");
        let (envelope, aperiodicity) = (Interpolation::mel_bands(bands), Interpolation::aperiodicity());
        Self { bands, width, envelope, aperiodicity, gain: Interpolation::every_second_bin(), fft: Fft::new() }
    }

    /// Whether rows tell gains.
    fn gains(&self) -> bool {
        self.width > self.bands + PARAMETERS_BESIDE_ENVELOPE
    }

    /// Silence before the first frame.
    pub(crate) fn start(&self) -> RendererState {
        let gain = vec![1.0; if self.gains() { BINS } else { 0 }];
        let frame =
            Frame { power: vec![0.0; BINS], aperiodicity: vec![1.0; BINS], gains: [gain.clone(), gain], f0: 0.0 };
        RendererState {
            frames: [frame.clone(), frame.clone(), frame],
            taken: 0,
            phase: 0.0,
            voiced: false,
            pending: None,
            overlap: vec![0.0; ROOM],
            left: 0,
            voice: vec![0.0; BINS],
            breath: vec![0.0; BINS],
            air: vec![0.0; FFT],
            air_spectrum: vec![Complex32::ZERO; BINS],
            response: vec![Complex32::ZERO; BINS],
            response_time: vec![0.0; FFT],
            spectrum: self.fft.start(),
        }
    }

    /// Appends to `out` the samples that frames `parameters` `[frames, width]` complete: ln power of every band, aperiodicity at 0 Hz and the coded
    /// ones in dB, F0 in Hz (0 where unvoiced), ln gains of voice and of breath or none. `noise` fills a slice with unit normal numbers.
    pub(crate) fn step(
        &self,
        isa: Isa,
        state: &mut RendererState,
        parameters: &[f32],
        noise: &mut dyn FnMut(&mut [f32]),
        out: &mut Vec<f32>,
    ) {
        for row in parameters.chunks_exact(self.width) {
            state.frames.rotate_left(1);
            self.spread(isa, &mut state.frames[2], row);
            state.taken += 1;
            if state.taken > 1 {
                self.advance(isa, state, noise);
                self.leave(state, out);
            }
        }
    }

    /// Appends the rest of the sound: all `240 x frames` samples have left then. The last frame is held.
    pub(crate) fn finish(
        &self,
        isa: Isa,
        mut state: RendererState,
        noise: &mut dyn FnMut(&mut [f32]),
        out: &mut Vec<f32>,
    ) {
        if state.taken == 0 {
            return;
        }
        let end = state.taken * HOP as u64;
        state.frames.rotate_left(1);
        state.frames[2] = state.frames[1].clone();
        state.taken += 1;
        self.advance(isa, &mut state, noise);
        if let Some(pulse) = state.pending.take() {
            let next = end.min(pulse.sample + LAST_PERIOD as u64);
            self.respond(isa, &mut state, pulse, next, noise);
        }
        out.extend_from_slice(&state.overlap[..(end - state.left) as usize]);
    }

    /// Spreads a frame's parameters over bins.
    fn spread(&self, isa: Isa, frame: &mut Frame, row: &[f32]) {
        let (envelope, rest) = row.split_at(self.bands);
        self.envelope.apply(envelope, &mut frame.power);
        kernels::exp(isa, &mut frame.power);
        let mut knots = [0.0; APERIODICITIES + 2];
        knots[..=APERIODICITIES].copy_from_slice(&rest[..=APERIODICITIES]);
        // dB to the natural logarithm of an amplitude
        knots = knots.map(|db| db * (std::f32::consts::LN_10 / 20.0));
        self.aperiodicity.apply(&knots, &mut frame.aperiodicity);
        kernels::exp(isa, &mut frame.aperiodicity);
        for a in &mut frame.aperiodicity {
            *a = a.clamp(APERIODICITY_RANGE.0, APERIODICITY_RANGE.1);
        }
        frame.f0 = rest[APERIODICITIES + 1].into();
        for (gain, told) in frame.gains.iter_mut().zip(rest[APERIODICITIES + 2..].chunks_exact(GAIN_POINTS)) {
            self.gain.apply(told, gain);
            kernels::exp(isa, gain);
        }
    }

    /// Walks the samples between the two newest frames; every pulse found gives the one before it its period.
    fn advance(&self, isa: Isa, state: &mut RendererState, noise: &mut dyn FnMut(&mut [f32])) {
        let from = (state.taken - 2) * HOP as u64;
        let (a, b) = (state.frames[1].f0, state.frames[2].f0);
        let (share_a, share_b) = (f64::from(u8::from(a > 0.0)), f64::from(u8::from(b > 0.0)));
        let (a, b) = (if a > 0.0 { a } else { UNVOICED_HZ }, if b > 0.0 { b } else { UNVOICED_HZ });
        for step in 0..HOP {
            let w = step as f64 / HOP as f64;
            let voiced = share_a + (share_b - share_a) * w > 0.5;
            let hz = if voiced { a + (b - a) * w } else { UNVOICED_HZ };
            let sample = from + step as u64;
            let phase = state.phase + hz / f64::from(SAMPLE_RATE);
            if phase >= 1.0 && sample > 0 {
                let fraction = (1.0 - state.phase) / (phase - state.phase);
                let pulse = Pulse { sample: sample - 1, fraction, voiced: state.voiced };
                if let Some(before) = state.pending {
                    self.respond(isa, state, before, pulse.sample, noise);
                }
                state.await_period(pulse);
            }
            state.phase = phase.fract();
            state.voiced = voiced;
        }
    }

    /// Adds the response of `pulse`, whose successor stands at sample `next`.
    fn respond(&self, isa: Isa, state: &mut RendererState, pulse: Pulse, next: u64, noise: &mut dyn FnMut(&mut [f32])) {
        let period = ((next - pulse.sample) as usize).min(FFT);
        let RendererState { air, air_spectrum, voice, breath, response, spectrum, .. } = state;

        noise(&mut air[..period]);
        let mean = air[..period].iter().sum::<f32>() / period as f32;
        for x in &mut air[..period] {
            *x -= mean;
        }
        air[period..].fill(0.0);
        self.fft.forward(spectrum, air, air_spectrum);

        response.fill(Complex32::ZERO);
        self.fft.add_minimum_phase(isa, spectrum, breath, 0.0, response, |k| air_spectrum[k]);
        if pulse.voiced {
            let gain = (period as f32).sqrt();
            let delay = pulse.fraction as f32;
            // no DC: the sum of many pulses would drift
            let factor = |k| if k == 0 { Complex32::ZERO } else { Complex32::new(gain, 0.0) };
            self.fft.add_minimum_phase(isa, spectrum, voice, delay, response, factor);
        }
        self.fft.inverse(spectrum, response, &mut state.response_time);
        let at = (pulse.sample - state.left) as usize;
        kernels::add(isa, &mut state.overlap[at..at + FFT], &state.response_time);
    }

    /// Moves out what no later pulse can reach.
    fn leave(&self, state: &mut RendererState, out: &mut Vec<f32>) {
        let walked = (state.taken - 1) * HOP as u64;
        let done = state.pending.map_or(walked - 1, |pulse| pulse.sample);
        let count = (done - state.left) as usize;
        out.extend_from_slice(&state.overlap[..count]);
        state.overlap.copy_within(count.., 0);
        let end = state.overlap.len() - count;
        state.overlap[end..].fill(0.0);
        state.left = done;
    }
}

impl RendererState {
    /// Makes `pulse` the pending one and keeps the power of its parts at its place, between the two frames around it.
    fn await_period(&mut self, pulse: Pulse) {
        let Self { frames, voice, breath, .. } = self;
        // in frames after the oldest one kept; the newest stands at 2
        let place = (pulse.sample as f64 + pulse.fraction) / HOP as f64 - (self.taken as f64 - 3.0);
        let (lo, hi, w) = if place < 1.0 { (0, 1, place) } else { (1, 2, place - 1.0) };
        let w = (w as f32).clamp(0.0, 1.0);
        let (lo, hi) = (&frames[lo], &frames[hi]);
        let mix = |lo: &[f32], hi: &[f32], k: usize| (1.0 - w) * lo[k] + w * hi[k];
        for (k, (voice, breath)) in voice.iter_mut().zip(&mut *breath).enumerate() {
            let (power, a) = (mix(&lo.power, &hi.power, k), mix(&lo.aperiodicity, &hi.aperiodicity, k));
            // a is 1 at the top of the band: leave what 1 - (1 - 1e-12)^2 is in exact arithmetic
            *voice = power * (1.0 - a * a).max(2e-12);
            *breath = power * a * a;
        }
        for (part, (lo, hi)) in [&mut *voice, &mut *breath].into_iter().zip(lo.gains.iter().zip(&hi.gains)) {
            for (part, (lo, hi)) in part.iter_mut().zip(lo.iter().zip(hi)) {
                *part *= ((1.0 - w) * lo + w * hi).powi(2);
            }
        }
        if !pulse.voiced {
            // where there is no voice all of it is breath
            breath.iter_mut().zip(&*voice).for_each(|(breath, voice)| *breath += voice);
        }
        self.pending = Some(pulse);
    }
}

#[cfg(test)]
mod tests;
