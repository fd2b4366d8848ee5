//! Tells the linker what Node brings along by itself, and napi where to note the types of what is exported.

use std::{env, fs, io, path::PathBuf};

fn main() -> io::Result<()> {
    napi_build::setup();
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    // beside the libraries of the profile, where the package's own build finds it: <profile>/build/<package>/out
    if let Some(profile) = out.ancestors().nth(3) {
        let folder = profile.join("node-types");
        fs::create_dir_all(&folder)?;
        println!("cargo::rustc-env=NAPI_TYPE_DEF_TMP_FOLDER={}", folder.display());
    }
    Ok(())
}
