//! In place of the line to the network in a program that was built without one.

use std::path::Path;

use super::error::FetchError;
use super::pins::Pin;
use super::places::Places;
use super::store::Show;
use super::uri::Uri;

/// What a server would say of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Promise {
    pub(crate) bytes: Option<u64>,
}

/// No line.
#[derive(Debug, Default)]
pub(crate) struct Line {
    none: (),
}

impl Line {
    /// # Errors
    /// [`FetchError::NotBuilt`]
    pub(crate) fn ask(&self, _: &Places, uri: &Uri, _: &Path, _: Option<&Pin>) -> Result<Promise, FetchError> {
        Err(FetchError::NotBuilt { uri: uri.to_string() })
    }

    /// # Errors
    /// [`FetchError::NotBuilt`]
    pub(crate) fn fetch(
        &self,
        _: &Places,
        uri: &Uri,
        _: &Path,
        _: Option<&Pin>,
        _: &Promise,
        _: Show<'_>,
    ) -> Result<Pin, FetchError> {
        Err(FetchError::NotBuilt { uri: uri.to_string() })
    }
}
