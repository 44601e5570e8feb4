//! What holds of everything that a stranger may say of files, whatever it is: laws for property tests and for fuzzing
//! (`fuzz/fuzz_targets/downloads.rs`).

use std::path::Component;

use super::address::Address;
use super::hash;
use super::headers::{ContentRange, Etag};
use super::pins::Pins;
use super::uri::Uri;

/// The name of a file is refused, or leads to a place below the cache and to a request of one line.
pub(crate) fn name(text: &str) {
    let Ok(uri) = Uri::parse(text) else { return };
    let place = uri.place();
    assert!(place.components().all(|part| matches!(part, Component::Normal(_))), "{place:?}");
    assert!(place.components().count() >= 2, "{place:?}");
    assert_eq!(Uri::parse(&uri.to_string()).ok(), Some(uri.clone()));
    if let Uri::Hub(file) = &uri {
        let endpoint = Address::parse("https://hub.org").expect("an address");
        let address = file.address(&endpoint);
        assert_eq!(Address::parse(&address.to_string()), Ok(address.clone()));
        assert!(address.same_origin(&endpoint) && address.path().split('/').all(|part| part != ".."), "{address}");
    }
}

/// An address, or where a server points instead, is refused or can be written into a request.
pub(crate) fn address(text: &str) {
    if let Ok(address) = Address::parse(text) {
        let shown = address.to_string();
        assert!(shown.bytes().all(|byte| byte.is_ascii_graphic()), "{shown:?}");
        assert_eq!(Address::parse(&shown), Ok(address));
    }
    let base = Address::parse("https://a.org/b").expect("an address");
    if let Ok(there) = base.join(text) {
        assert_eq!(Address::parse(&there.to_string()), Ok(there));
    }
}

/// A header is passed over, or can be sent back and is no contradiction.
pub(crate) fn header(text: &str) {
    if let Some(etag) = Etag::parse(text) {
        assert!(!etag.value.contains(['\r', '\n', '"', ' ']), "{etag:?}");
        if let Some(line) = etag.if_range() {
            assert_eq!(Etag::parse(&line), Some(etag));
        }
    }
    if let Some(ContentRange { start: Some(start), total: Some(total) }) = ContentRange::parse(text) {
        assert!(start < total, "{start} of {total}");
    }
}

/// Pins are refused, or are sums and are written as they were read.
pub(crate) fn pins(bytes: &[u8]) {
    if let Ok(pins) = Pins::parse(bytes) {
        assert!(pins.names().all(|name| pins.get(name).is_some_and(|pin| hash::is_sum(&pin.sha256))));
        let again = serde_json::to_vec(&pins).expect("JSON");
        assert_eq!(Pins::parse(&again), Ok(pins));
    }
}
