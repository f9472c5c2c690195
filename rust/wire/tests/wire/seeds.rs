//! The cases of the tables as files, for the fuzz targets to begin with: written if `FUZZ_SEEDS` names a directory.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::PathBuf;

/// Keep one input for the target of this name.
pub fn keep(target: &str, input: &[u8]) {
    let Some(root) = std::env::var_os("FUZZ_SEEDS").map(PathBuf::from) else { return };
    let mut hasher = DefaultHasher::new();
    input.hash(&mut hasher);
    let directory = root.join(target);
    std::fs::create_dir_all(&directory).unwrap();
    std::fs::write(directory.join(format!("{:016x}", hasher.finish())), input).unwrap();
}
