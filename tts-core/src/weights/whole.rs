//! A file that is whole or not there.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// How many unfinished files of other runs are stepped over.
const TRIES: u32 = 1000;

/// Writes a file under another name in the same folder and gives it its own when the last byte is on the disk, in one step, over any
/// older file. If something fails, the older file is as it was and nothing else stays behind. A link keeps pointing to its
/// file; a device or a named pipe is written directly.
pub(crate) fn write_whole<T>(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<T>) -> io::Result<T> {
    let existing = fs::metadata(path).ok();
    if existing.as_ref().is_some_and(|found| !found.is_file()) {
        let mut file = BufWriter::new(OpenOptions::new().write(true).open(path)?);
        let written = write(&mut file)?;
        file.flush()?;
        return Ok(written);
    }
    let target = if existing.is_some() { fs::canonicalize(path)? } else { path.to_path_buf() };
    let (file, part) = unfinished(&target)?;
    let finish = || {
        if let Some(existing) = existing {
            // Whoever could read the older file can read the new one; where that cannot be set, the default serves.
            let _ = file.set_permissions(existing.permissions());
        }
        let mut file = BufWriter::new(file);
        let written = write(&mut file)?;
        file.flush()?;
        file.get_ref().sync_all()?;
        fs::rename(&part, &target)?;
        Ok(written)
    };
    finish().inspect_err(|_| drop(fs::remove_file(&part)))
}

/// A new file beside `target`, and its path.
fn unfinished(target: &Path) -> io::Result<(File, PathBuf)> {
    let name =
        target.file_name().ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "not the name of a file"))?;
    for number in 0..TRIES {
        let mut part = OsString::from(".");
        part.push(name);
        part.push(format!(".{number}.part"));
        let part = target.with_file_name(part);
        match OpenOptions::new().write(true).create_new(true).open(&part) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return Ok((opened?, part)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut found: Vec<_> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        found.sort();
        found
    }

    #[test]
    fn what_fails_leaves_the_older_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "older").unwrap();
        let failed = write_whole(&path, |file| {
            file.write_all(b"half")?;
            file.flush()?;
            Err::<(), _>(io::Error::other("the disk is full"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "the disk is full");
        assert_eq!(fs::read_to_string(&path).unwrap(), "older");
        assert_eq!(names(folder.path()), ["a"]);
        // while it is written, the older one is there
        write_whole(&path, |file| {
            assert_eq!(fs::read_to_string(&path).unwrap(), "older");
            file.write_all(b"newer")
        })
        .unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
        assert_eq!(names(folder.path()), ["a"]);
    }

    #[test]
    fn what_another_run_left_is_stepped_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(".a.0.part"), "theirs").unwrap();
        let path = folder.path().join("a");
        write_whole(&path, |file| file.write_all(b"ours")).unwrap();
        assert_eq!(names(folder.path()), [".a.0.part", "a"]);
        assert_eq!(fs::read_to_string(path).unwrap(), "ours");
        assert!(write_whole(&folder.path().join("no/a"), |_| Ok(())).is_err());
        assert!(write_whole(folder.path(), |_| Ok(())).is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("file"), folder.path().join("link"));
        fs::write(&file, "older").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write_whole(&link, |out| out.write_all(b"newer")).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&file).unwrap(), "newer");
        let null = folder.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        write_whole(&null, |out| out.write_all(b"gone")).unwrap();
        assert!(fs::symlink_metadata(&null).unwrap().is_symlink());
    }
}
