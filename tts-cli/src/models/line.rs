//! The line to the network: opened when the first file is asked for.

use std::cell::OnceCell;
use std::path::Path;

use super::client::Client;
pub(crate) use super::download::Promise;
use super::download::{self, Job};
use super::error::FetchError;
use super::pins::Pin;
use super::places::Places;
use super::store::Show;
use super::uri::Uri;

/// A client, once there is one.
#[derive(Debug, Default)]
pub(crate) struct Line(OnceCell<Client>);

impl Line {
    fn client(&self, places: &Places) -> Result<&Client, FetchError> {
        if self.0.get().is_none() {
            let _ = self.0.set(Client::new(places)?);
        }
        Ok(self.0.get().unwrap_or_else(|| unreachable!("it was set")))
    }

    /// As [`download::promise`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn ask(
        &self,
        places: &Places,
        uri: &Uri,
        target: &Path,
        pinned: Option<&Pin>,
    ) -> Result<Promise, FetchError> {
        with_job(places, uri, target, pinned, |job| download::promise(self.client(places)?, job))
    }

    /// As [`download::download`].
    ///
    /// # Errors
    /// As there.
    pub(crate) fn fetch(
        &self,
        places: &Places,
        uri: &Uri,
        target: &Path,
        pinned: Option<&Pin>,
        promise: &Promise,
        show: Show<'_>,
    ) -> Result<Pin, FetchError> {
        with_job(places, uri, target, pinned, |job| download::download(self.client(places)?, job, promise, show))
    }
}

/// The token belongs to the hub alone.
fn with_job<T>(
    places: &Places,
    uri: &Uri,
    target: &Path,
    pinned: Option<&Pin>,
    work: impl FnOnce(&Job<'_>) -> Result<T, FetchError>,
) -> Result<T, FetchError> {
    match uri {
        Uri::Hub(file) => {
            let address = file.address(&places.endpoint);
            work(&Job { uri, address: &address, token: places.token.as_ref(), target, pinned })
        }
        Uri::Web(address) => work(&Job { uri, address, token: None, target, pinned }),
    }
}
