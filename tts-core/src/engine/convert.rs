//! A checkpoint of Pocket TTS in one packed file: configuration, tokenizer, and weights as the kernels read them. It is mapped and
//! used where it lies, so that it opens at once.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::engine::{Engine, EngineOptions};
use super::open::{Checkpoint, is_safetensors, reads_letters};
use crate::error::Error;
use crate::model::pocket::PocketModel;
use crate::model::pocket_files::PocketFiles;
use crate::model::{PocketConfig, PocketPrecision};
use crate::text::pocket::Vocabulary;
use crate::weights::packed::Recorder;
use crate::weights::{Weights, write_whole};

/// Values of the file's metadata.
const FAMILY: (&str, &str) = ("family", "pocket");
const CLONES: &str = "clones";
const NAME: &str = "name";
const PRECISION: &str = "precision";
/// Files beside the weights.
const CONFIG: &str = "config.yaml";
const TOKENIZER: &str = "tokenizer";

impl Engine {
    /// Writes the checkpoint of Pocket TTS at `path`, a YAML file or a folder with one, as one packed file `out`, with weights as
    /// [`EngineOptions::precision`] says; [`Engine::open`] opens it at once. A file of that name is replaced when all is written,
    /// never before. Returns its size in bytes.
    ///
    /// # Errors
    /// As [`Engine::open`]; [`Error::PackedAlready`]; [`Error::Packed`] if `out` cannot be written.
    pub fn convert(path: &Path, options: &EngineOptions, out: &Path) -> Result<u64, Error> {
        if path.is_file() && is_safetensors(path).is_ok_and(|is| is) {
            let path = path.to_owned();
            return Err(match Weights::open(&path)?.is_packed() {
                true => Error::PackedAlready { path },
                false => Error::NoModel { path, found: "a file of tensors".to_owned() },
            });
        }
        Checkpoint::at(path, options)?.convert(options, out)
    }

    /// As [`Engine::convert`], by the name `name` from the text of a configuration, as [`Engine::of_yaml`] takes it.
    ///
    /// # Errors
    /// As [`Engine::convert`].
    pub fn convert_yaml(name: &str, yaml: &str, options: &EngineOptions, out: &Path) -> Result<u64, Error> {
        Checkpoint::yaml(Path::new(name), yaml, name.to_owned(), options)?.convert(options, out)
    }

    /// Reads all of a packed file and compares it with the fingerprint that was written with it. [`Engine::open`] does not: bytes
    /// changed in matrices of 8-bit integers make another sound there.
    ///
    /// # Errors
    /// [`Error::Weights`]: it cannot be read, is no packed file, or was changed.
    pub fn verify(path: &Path) -> Result<(), Error> {
        Ok(Weights::open(path)?.verify()?)
    }
}

impl Checkpoint {
    fn convert(self, options: &EngineOptions, out: &Path) -> Result<u64, Error> {
        let Self { config, yaml, files, tokenizer, clones, name, precision: _ } = self;
        let recorder = Recorder::default();
        let files = files.stored_by(options.precision, &config).recorded_by(&recorder);
        // a tokenizer that no engine would take is not packed either
        Vocabulary::of_size(&tokenizer.0, &tokenizer.1, config.flow_lm.lookup_table.n_bins)?;
        PocketModel::load_files(&files, config)?;
        let precision = options.precision.to_string();
        let about = [FAMILY, (NAME, &name), (CLONES, if clones { "yes" } else { "no" }), (PRECISION, &precision)];
        let beside = [(CONFIG, yaml.as_bytes()), (TOKENIZER, tokenizer.1.as_slice())];
        write_whole(out, |file| recorder.write(&about, &beside, file))
            .and_then(|()| Ok(fs::metadata(out)?.len()))
            .map_err(|source| Error::Packed { path: out.to_owned(), source })
    }

    /// The parts of a packed file.
    pub(super) fn packed(weights: Weights, options: &EngineOptions) -> Result<Self, Error> {
        reads_letters(options)?;
        if options.precision != PocketPrecision::default() {
            let family = "a packed file, whose precision was chosen when it was made";
            return Err(Error::Unsupported { what: "a precision", family });
        }
        let origin = weights.origin().to_owned();
        let wrong = |what: &str| {
            let source = io::Error::new(io::ErrorKind::InvalidData, format!("{what}; make one with `tts convert`"));
            Error::Packed { path: PathBuf::from(&origin), source }
        };
        if !weights.is_packed() || weights.metadata(FAMILY.0) != Some(FAMILY.1) {
            return Err(wrong("it is no packed model of Pocket TTS"));
        }
        let text = weights.file(CONFIG).ok_or_else(|| wrong("it holds no configuration"))?;
        let yaml = str::from_utf8(text).map_err(|_| wrong("its configuration is no text"))?.to_owned();
        let config = PocketConfig::parse(&format!("{origin}: {CONFIG}"), &yaml)?;
        let tokenizer = weights.file(TOKENIZER).ok_or_else(|| wrong("it holds no tokenizer"))?.to_vec();
        let tokenizer = (format!("{origin}: {TOKENIZER}"), tokenizer);
        let clones = weights.metadata(CLONES) != Some("no");
        let name = weights.metadata(NAME).unwrap_or_default().to_owned();
        let precision = weights.metadata(PRECISION).and_then(|text| text.parse().ok());
        Ok(Self { config, yaml, files: PocketFiles::Bundle(weights), tokenizer, clones, name, precision })
    }
}
