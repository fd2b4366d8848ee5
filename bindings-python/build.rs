//! Test programs embed Python, and find its library where the interpreter that they are built for keeps it.

fn main() {
    pyo3_build_config::add_libpython_rpath_link_args();
}
