//! Dimensions and scales of the decoder, as config.toml writes them under `[decoder]`.

use serde::Deserialize;

use super::spectrum::APERIODICITIES;

/// `[decoder]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DecoderConfig {
    /// Channels at the rate of latents.
    pub(crate) dim: usize,
    /// Blocks at the rate of latents.
    pub(crate) blocks: usize,
    /// Sub-frames of a latent frame.
    pub(crate) subframes: usize,
    /// Channels at the rate of sub-frames.
    pub(crate) subframe_dim: usize,
    /// Blocks at the rate of sub-frames.
    pub(crate) subframe_blocks: usize,
    /// Taps of the depthwise convolutions.
    pub(crate) kernel: usize,
    /// Channels inside a block, as a multiple of its channels.
    pub(crate) expansion: usize,
    /// Channels between a speaker's profile and the network.
    pub(crate) profile_dim: usize,
    /// Mel bands of the spectral envelope.
    pub(crate) envelope_bands: usize,
    /// Kinds of sound in which a speaker may differ from others by more than the mean spectrum; 0 for none.
    pub(crate) kinds: usize,
    /// Natural log power of an output x is `offset + scale x`.
    pub(crate) log_envelope_offset: f32,
    /// See `log_envelope_offset`.
    pub(crate) log_envelope_scale: f32,
    /// Aperiodicity in dB of an output x is `offset + scale x`, at most `aperiodicity_max`.
    pub(crate) aperiodicity_offset: f32,
    /// See `aperiodicity_offset`.
    pub(crate) aperiodicity_scale: f32,
    /// See `aperiodicity_offset`.
    pub(crate) aperiodicity_max: f32,
    /// Share of the network's F0 output that is added to the explicit log F0.
    pub(crate) f0_residual: f32,
    /// The network that tells gains bin by bin, in weights that have one.
    pub(crate) refiner: Option<RefinerConfig>,
}

/// `[decoder.refiner]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefinerConfig {
    /// Channels.
    pub(crate) dim: usize,
    /// Blocks at the rate of sub-frames.
    pub(crate) blocks: usize,
    /// Taps of the depthwise convolutions.
    pub(crate) kernel: usize,
    /// Channels inside a block, as a multiple of its channels.
    pub(crate) expansion: usize,
}

impl DecoderConfig {
    /// Numbers of a profile: mean envelope, warp, mean aperiodicity.
    pub(crate) fn profile(&self) -> usize {
        self.envelope_bands + 1 + APERIODICITIES
    }

    /// Numbers of what a speaker has of their own in each kind of sound.
    pub(crate) fn own(&self) -> usize {
        self.kinds * self.envelope_bands
    }

    /// What is wrong with the numbers, if anything.
    pub(crate) fn validate(&self) -> Result<(), String> {
        let sizes = [
            ("dim", self.dim, 8192),
            ("blocks", self.blocks, 64),
            ("subframe_dim", self.subframe_dim, 8192),
            ("subframe_blocks", self.subframe_blocks, 64),
            ("kernel", self.kernel, 64),
            ("expansion", self.expansion, 16),
            ("profile_dim", self.profile_dim, 8192),
            ("envelope_bands", self.envelope_bands, 512),
        ];
        let refiner = self.refiner.iter().flat_map(|refiner| {
            [
                ("refiner.dim", refiner.dim, 8192),
                ("refiner.blocks", refiner.blocks, 64),
                ("refiner.kernel", refiner.kernel, 64),
                ("refiner.expansion", refiner.expansion, 16),
            ]
        });
        for (name, value, most) in sizes.into_iter().chain(refiner) {
            if value == 0 || value > most {
                return Err(format!("decoder.{name} is {value}, expected 1 to {most}"));
            }
        }
        if self.kinds > 64 {
            return Err(format!("decoder.kinds is {}, expected 0 to 64", self.kinds));
        }
        // the explicit F0 line and the renderer's 10 ms hop are made for this number
        if self.subframes != 4 {
            return Err(format!("decoder.subframes is {}, expected 4", self.subframes));
        }
        let scales = [
            ("log_envelope_offset", self.log_envelope_offset),
            ("log_envelope_scale", self.log_envelope_scale),
            ("aperiodicity_offset", self.aperiodicity_offset),
            ("aperiodicity_scale", self.aperiodicity_scale),
            ("aperiodicity_max", self.aperiodicity_max),
            ("f0_residual", self.f0_residual),
        ];
        for (name, value) in scales {
            if !value.is_finite() || value.abs() > 100.0 {
                return Err(format!("decoder.{name} is {value}, expected a number between -100 and 100"));
            }
        }
        Ok(())
    }
}
