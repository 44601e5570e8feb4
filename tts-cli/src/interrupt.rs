//! What Ctrl-C does: silence at once, nothing half-written left behind, exit code 130.
//!
//! The handler runs on a thread of its own, so it may lock and call the system. It kills the player (sound stops with
//! the process, not when a buffer is empty), removes unfinished files and ends the process. It does not wait for the
//! main thread, which may sit in a blocked write. What may not be torn apart, such as renaming a finished file to its
//! final name, is done under the lock that the handler needs first.

use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::exit::{Exit, OrExit};

/// A child process that the handler may kill while the main thread uses it.
pub(crate) type SharedChild = Arc<Mutex<Child>>;

#[derive(Debug, Default)]
struct Registry {
    unfinished: Vec<PathBuf>,
    players: Vec<SharedChild>,
}

static REGISTRY: Mutex<Registry> = Mutex::new(Registry { unfinished: Vec::new(), players: Vec::new() });

fn registry() -> MutexGuard<'static, Registry> {
    REGISTRY.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts listening for Ctrl-C and requests to terminate.
///
/// # Errors
/// If the system refuses a handler.
pub(crate) fn listen() -> anyhow::Result<()> {
    ctrlc::set_handler(|| {
        let mut registry = registry();
        silence(&mut registry);
        for path in registry.unfinished.drain(..) {
            let _ = std::fs::remove_file(path);
        }
        // The lock is held to the end: no new player, no rename.
        std::process::exit(i32::from(Exit::Interrupted.code()));
    })
    .or_exit(Exit::Internal, "cannot listen for Ctrl-C")
}

fn silence(registry: &mut Registry) {
    for player in registry.players.drain(..) {
        // A player that has already gone needs no killing.
        let _ = player.lock().unwrap_or_else(PoisonError::into_inner).kill();
    }
}

/// Starts a player that the handler knows from its first moment on.
///
/// # Errors
/// What `spawn` says.
pub(crate) fn spawn(spawn: impl FnOnce() -> std::io::Result<Child>) -> std::io::Result<SharedChild> {
    let mut registry = registry();
    let child = Arc::new(Mutex::new(spawn()?));
    registry.players.push(Arc::clone(&child));
    Ok(child)
}

/// Forgets a player that has ended.
pub(crate) fn forget_player(child: &SharedChild) {
    registry().players.retain(|known| !Arc::ptr_eq(known, child));
}

/// Creates a file that the handler removes should the run end before [`forget_file`].
///
/// # Errors
/// What `create` says.
pub(crate) fn create<T>(path: &Path, create: impl FnOnce() -> std::io::Result<T>) -> std::io::Result<T> {
    let mut registry = registry();
    let file = create()?;
    registry.unfinished.push(path.to_path_buf());
    Ok(file)
}

/// Forgets an unfinished file: after it was removed, or (inside [`rename`]) got its final name.
pub(crate) fn forget_file(path: &Path) {
    registry().unfinished.retain(|known| known != path);
}

/// Gives an unfinished file its final name; the handler sees it before or after, never between.
///
/// # Errors
/// What the system says to the renaming.
pub(crate) fn rename(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut registry = registry();
    std::fs::rename(from, to)?;
    registry.unfinished.retain(|known| known != from);
    Ok(())
}
