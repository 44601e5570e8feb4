//! How much memory the process has used at most.

/// The largest resident set so far in bytes, where the system tells: the line `VmHWM` of proc(5) on Linux.
pub(crate) fn peak() -> Option<u64> {
    parse(&std::fs::read_to_string("/proc/self/status").ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found() {
        assert_eq!(parse("Name:\ttts\nVmHWM:\t   12 kB\nVmRSS:\t 9 kB\n"), Some(12 * 1024));
        for broken in ["", "VmHWM: many kB", "VmHWM: 12", "VmHWM: 99999999999999999999 kB"] {
            assert_eq!(parse(broken), None, "{broken}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn linux_tells() {
        assert!(peak().expect("VmHWM") > 100_000);
    }
}
