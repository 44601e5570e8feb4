//! Other programs: where they are, and what they answer to a short question.

use std::ffi::OsStr;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a program may take to list its devices or its options.
const PATIENCE: Duration = Duration::from_secs(2);

/// The file that `name` starts, as the shell would find it.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    find_in(name, &std::env::var_os("PATH")?)
}

fn find_in(name: &str, path: &OsStr) -> Option<PathBuf> {
    let name = format!("{name}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path)
        .filter(|folder| !folder.as_os_str().is_empty())
        .map(|folder| folder.join(&name))
        .find(|file| runs(file))
}

#[cfg(unix)]
fn runs(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn runs(file: &Path) -> bool {
    file.is_file()
}

/// What `program` prints when asked, or `None` if it fails or takes longer than two seconds.
pub(crate) fn ask(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut out = child.stdout.take()?;
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut answer = Vec::new();
        // A megabyte is more than any list of devices.
        let read = out.by_ref().take(1 << 20).read_to_end(&mut answer);
        // Nobody listens any more if it took too long.
        let _ = sender.send(read.map(|_| answer));
    });
    let answer = receiver.recv_timeout(PATIENCE);
    // Ended or not: it is not needed any more, and must not stay behind as a zombie.
    let _ = child.kill();
    let _ = child.wait();
    Some(String::from_utf8_lossy(&answer.ok()?.ok()?).into_owned())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_what_can_be_run_is_found() {
        let (first, second) = (tempfile::tempdir().expect("folder"), tempfile::tempdir().expect("folder"));
        std::fs::write(first.path().join("player"), "data").expect("file");
        std::fs::create_dir(first.path().join("folder")).expect("folder");
        let program = second.path().join("player");
        std::fs::write(&program, "#!/bin/sh\necho \"$1\"; sleep \"$2\"\n").expect("file");
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).expect("mode");
        let path = std::env::join_paths([first.path(), second.path()]).expect("path");
        assert_eq!(find_in("player", &path), Some(program.clone()));
        assert_eq!(find_in("folder", &path), None);
        assert_eq!(ask(&program, &["hello", "0"]).as_deref(), Some("hello\n"));
        assert_eq!(ask(&first.path().join("player"), &[]), None);
        let begun = std::time::Instant::now();
        assert_eq!(ask(&program, &["late", "30"]), None);
        assert!(begun.elapsed() < 2 * PATIENCE);
    }
}
