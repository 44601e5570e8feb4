//! What may be typed after `tts models`.

use clap::{Args, Subcommand};

use crate::args::ListArgs;

/// What can be done with models.
#[derive(Debug, Subcommand)]
#[command(disable_help_subcommand = true)]
pub(crate) enum ModelsCommand {
    /// List the models there are: language, size, licence, what is here
    List(ListArgs),
    /// Download a model, or a file by its hf:// or https:// name
    Get(GetArgs),
    /// Read what is here again and compare its SHA-256
    Verify(VerifyArgs),
    /// Print where the files of a model are
    Path(PathArgs),
    /// Remove the files of a model that were downloaded
    Rm(RmArgs),
}

const GET_HELP: &str = "\
Examples:
  tts models get english --dry-run           what would come, and how large?
  tts models get english --without-cloning   no account needed
  tts models get hf://user/repo/m.yaml       any file; of a .yaml, what it names
  tts models get m.yaml                      what a .yaml of yours names

Usage: tts models get [OPTIONS] NAME|URI|FILE.yaml
  --without-cloning  weights that speak the voices there are and make none; the
                     others want an account, its token and accepted terms
  --voice NAME  this voice too (again and again, or all)
  --dry-run     ask what it is, download nothing
  --offline     do not ask the network: only say whether all is here
  -q, --quiet  errors only    -h, --help
What comes is checked (SHA-256) and pinned; what was cut off goes on where it
was. What the hub's Python library has is used where it lies.
Variables: TTS_CACHE  folder to download to      HF_TOKEN  who you are
  HF_HOME HF_HUB_CACHE HF_ENDPOINT HF_HUB_OFFLINE HF_HUB_DOWNLOAD_TIMEOUT
  HTTPS_PROXY NO_PROXY SSL_CERT_FILE             as they are known elsewhere
";

/// Download a model, or a file by its hf:// or https:// name
#[derive(Debug, Args)]
#[command(override_help = GET_HELP)]
pub(crate) struct GetArgs {
    /// A name from `tts models list`, or of a file: hf://owner/repository/path@revision or https://; or a .yaml
    #[arg(value_name = "NAME|URI|FILE.yaml")]
    pub(crate) name: String,
    /// Take the weights that cannot clone voices; they need no account
    #[arg(long)]
    pub(crate) without_cloning: bool,
    /// Download this voice too, or all
    #[arg(long, value_name = "NAME")]
    pub(crate) voice: Vec<String>,
    /// Ask what it is, download nothing
    #[arg(long, conflicts_with = "offline")]
    pub(crate) dry_run: bool,
    /// Do not ask the network
    #[arg(long)]
    pub(crate) offline: bool,
    /// Say nothing but errors
    #[arg(short, long)]
    pub(crate) quiet: bool,
}

/// Read what is here again and compare its SHA-256
#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// A name from `tts models list`, or of a file; or a packed file [default: all that is here]
    #[arg(value_name = "NAME|URI|FILE")]
    pub(crate) name: Option<String>,
}

/// Print where the files of a model are: weights, then tokenizer
#[derive(Debug, Args)]
pub(crate) struct PathArgs {
    /// A name from `tts models list`, or of a file
    #[arg(value_name = "NAME|URI")]
    pub(crate) name: String,
    /// Print its configuration (YAML) with these paths instead
    #[arg(long)]
    pub(crate) config: bool,
    /// Print where this voice of the model is instead
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) voice: Option<String>,
}

/// Remove the files of a model that were downloaded
#[derive(Debug, Args)]
pub(crate) struct RmArgs {
    /// A name from `tts models list`, or of a file
    #[arg(value_name = "NAME|URI")]
    pub(crate) name: String,
}

#[cfg(test)]
pub(crate) const WRITTEN_HELP: &str = GET_HELP;
