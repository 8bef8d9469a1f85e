//! How the C library's allocator keeps memory.
//!
//! glibc maps large buffers and gives them back when they are freed, until the first was: then it keeps up to twice as
//! much for each thread, and a service that has read a few messages of 10 MiB holds a hundred MiB for good. A threshold
//! that is set stays where it is, and without `unsafe` it can only be set before the process starts. Elsewhere the
//! variable means nothing.

use std::{os::unix::process::CommandExt, process::Command};

/// Begins the process anew with the threshold, unless it was started with one. Where that cannot be, all works without.
pub(crate) fn give_back_large_buffers() {
    if std::env::var_os(THRESHOLD).is_some() {
        return;
    }
    let mut arguments = std::env::args_os();
    let (Some(name), Ok(program)) = (arguments.next(), std::env::current_exe()) else { return };
    let failed = Command::new(program).arg0(name).args(arguments).env(THRESHOLD, LARGE_BYTES).exec();
    crate::out::note(&format!("the allocator keeps its default: {failed}"));
}

/// The environment variable of glibc, <https://www.gnu.org/software/libc/manual/html_node/Malloc-Tunable-Parameters.html>.
const THRESHOLD: &str = "MALLOC_MMAP_THRESHOLD_";
const LARGE_BYTES: &str = "1048576";
