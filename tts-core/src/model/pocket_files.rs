//! Which files hold the weights of a Pocket TTS checkpoint, and what the older names in them mean.
//!
//! A checkpoint is one file, `flow_lm.*` and `mimi.*`; or one whose codec is replaced by another file's; or one file for each half.
//! Files of one half have older names: those are mapped here. Mirrors `utils/weights_loading.py` and the choice of paths in
//! `models/tts_model.py` of the reference, pocket-tts 4.0.1.

use std::path::PathBuf;

use super::native_config::ConfigError;
use super::pocket::precision::PocketPrecision;
use super::pocket_config::PocketConfig;
use crate::weights::packed::Recorder;
use crate::weights::{Meaning, Weights, WeightsError};

/// The files of a checkpoint: as their configuration names them, as paths, or opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PocketFiles<F> {
    /// Everything in one.
    Bundle(F),
    /// Everything in one, but for the codec.
    Replaced {
        /// Its `mimi.*` is passed over.
        bundle: F,
        mimi: F,
    },
    /// One for each half.
    Apart { flow_lm: F, mimi: F },
}

impl<F> PocketFiles<F> {
    /// Every file through `f`, such as from a path to the file that is fetched for it.
    pub(crate) fn try_map<G, E>(self, mut f: impl FnMut(F) -> Result<G, E>) -> Result<PocketFiles<G>, E> {
        Ok(match self {
            Self::Bundle(bundle) => PocketFiles::Bundle(f(bundle)?),
            Self::Replaced { bundle, mimi } => PocketFiles::Replaced { bundle: f(bundle)?, mimi: f(mimi)? },
            Self::Apart { flow_lm, mimi } => PocketFiles::Apart { flow_lm: f(flow_lm)?, mimi: f(mimi)? },
        })
    }
}

impl PocketConfig {
    /// The paths that this configuration, read from `origin`, asks for.
    ///
    /// # Errors
    /// [`ConfigError`] if it names no weights, or one half only.
    pub(crate) fn files(&self, origin: &str) -> Result<PocketFiles<&str>, ConfigError> {
        let wrong = |what: &str| ConfigError { origin: origin.to_owned(), what: what.to_owned() };
        let (bundle, mimi) = (self.weights_path.as_deref(), self.mimi.weights_path.as_deref());
        match (bundle, self.flow_lm.weights_path.as_deref(), mimi) {
            (_, Some(_), None) => Err(wrong("it names flow_lm.weights_path but not mimi.weights_path; expected both")),
            // a file of all weights is loaded last, and so over that of one half
            (Some(bundle), _, Some(mimi)) => Ok(PocketFiles::Replaced { bundle, mimi }),
            (Some(bundle), None, None) => Ok(PocketFiles::Bundle(bundle)),
            (None, Some(flow_lm), Some(mimi)) => Ok(PocketFiles::Apart { flow_lm, mimi }),
            (None, None, Some(_)) => {
                Err(wrong("it names mimi.weights_path alone; expected flow_lm.weights_path or weights_path beside it"))
            }
            (None, None, None) => {
                Err(wrong("it names no weights; expected weights_path, or flow_lm.weights_path and mimi.weights_path"))
            }
        }
    }
}

impl PocketFiles<PathBuf> {
    /// Maps the files.
    ///
    /// # Errors
    /// [`WeightsError`] of the file that cannot be used.
    pub(crate) fn open(self) -> Result<PocketFiles<Weights>, WeightsError> {
        self.try_map(|path| Weights::open(&path))?.newer_names()
    }
}

impl PocketFiles<Weights> {
    /// Bytes of all files.
    pub(crate) fn sizes(&self) -> u64 {
        match self {
            Self::Bundle(bundle) => bundle.size() as u64,
            Self::Replaced { bundle: one, mimi } | Self::Apart { flow_lm: one, mimi } => {
                one.size() as u64 + mimi.size() as u64
            }
        }
    }

    /// The same files, their weights kept as `precision` says for this model.
    pub(crate) fn stored_by(self, precision: PocketPrecision, config: &PocketConfig) -> Self {
        let by = |weights: Weights| weights.stored_by(precision.rules(config.flow_lm.transformer.d_model));
        match self {
            Self::Bundle(bundle) => Self::Bundle(by(bundle)),
            Self::Replaced { bundle, mimi } => Self::Replaced { bundle: by(bundle), mimi: by(mimi) },
            Self::Apart { flow_lm, mimi } => Self::Apart { flow_lm: by(flow_lm), mimi: by(mimi) },
        }
    }

    /// The same files; what is loaded of them is kept under the names of a bundle.
    pub(crate) fn recorded_by(self, recorder: &Recorder) -> Self {
        let codec = |mimi: Weights| mimi.recorded_by("mimi.", recorder);
        match self {
            Self::Bundle(bundle) => Self::Bundle(bundle.recorded_by("", recorder)),
            Self::Replaced { bundle, mimi } => {
                Self::Replaced { bundle: bundle.recorded_by("", recorder), mimi: codec(mimi) }
            }
            Self::Apart { flow_lm, mimi } => {
                Self::Apart { flow_lm: flow_lm.recorded_by("flow_lm.", recorder), mimi: codec(mimi) }
            }
        }
    }

    /// Opened files, with newer names in place of older ones; those of one half have no prefix.
    pub(crate) fn newer_names(self) -> Result<Self, WeightsError> {
        Ok(match self {
            Self::Bundle(bundle) => Self::Bundle(bundle),
            Self::Replaced { bundle, mimi } => {
                let bundle = bundle.renamed(|stored| match stored.strip_prefix("mimi.") {
                    Some(_) => Meaning::Skipped,
                    None => Meaning::Whole(stored.to_owned()),
                })?;
                Self::Replaced { bundle, mimi: codec(mimi)? }
            }
            Self::Apart { flow_lm, mimi } => {
                Self::Apart { flow_lm: flow_lm.renamed(flow_lm_name)?, mimi: codec(mimi)? }
            }
        })
    }
}

/// A file of the codec: newer names with a prefix and perhaps much beside them, or older names.
fn codec(mimi: Weights) -> Result<Weights, WeightsError> {
    if mimi.names().any(|stored| stored.starts_with("mimi.")) {
        return mimi.renamed(|stored| match stored.strip_prefix("mimi.") {
            Some(name) => Meaning::Whole(name.to_owned()),
            None => Meaning::Skipped,
        });
    }
    mimi.renamed(mimi_name)
}

/// What a tensor of an older language model is.
fn flow_lm_name(stored: &str) -> Meaning {
    const CONDITIONERS: &str = "condition_provider.conditioners.";
    let name = match stored.strip_prefix(CONDITIONERS) {
        Some("transcript_in_segment.learnt_padding" | "speaker_wavs.learnt_padding") => return Meaning::Skipped,
        Some("transcript_in_segment.embed.weight") => "conditioner.embed.weight",
        Some("speaker_wavs.output_proj.weight") => "speaker_proj_weight",
        _ if stored.starts_with("flow.w_s_t.") || stored == "num_ema_updates" => return Meaning::Skipped,
        _ if stored == "fuser.padding_value" => "bos_before_voice",
        _ => stored,
    };
    Meaning::Whole(name.replace(".self_attn.in_proj_weight", ".self_attn.in_proj.weight"))
}

/// What a tensor of an older codec is.
fn mimi_name(stored: &str) -> Meaning {
    // of the quantiser and of training
    let skipped = stored.starts_with("model.quantizer.vq.")
        || stored.contains("_codebook")
        || stored.contains("wavlm_emb_downsample")
        || [
            "model.quantizer.logvar_proj.weight",
            "quantizer.logvar_proj.weight",
            "quantizer.logvar_param",
            "wavlm_input_resample.kernel",
            "wavlm_proj.weight",
        ]
        .contains(&stored);
    if skipped {
        return Meaning::Skipped;
    }
    // one module inside another of the same name
    let newer = |name: &str| {
        let name = name.strip_prefix("model.").unwrap_or(name);
        name.replace(".conv.conv.", ".conv.").replace(".convtr.convtr.", ".convtr.")
    };
    // the second spelling is that of torch.nn.utils.parametrizations
    let pair = |whole: &str| newer(&format!("{whole}.weight"));
    let either = |first: &str, second: &str| stored.strip_suffix(first).or_else(|| stored.strip_suffix(second));
    if let Some(whole) = either(".weight_g", ".parametrizations.weight.original0") {
        Meaning::Size(pair(whole))
    } else if let Some(whole) = either(".weight_v", ".parametrizations.weight.original1") {
        Meaning::Direction(pair(whole))
    } else {
        Meaning::Whole(newer(stored).replace("in_proj_weight", "in_proj.weight"))
    }
}
