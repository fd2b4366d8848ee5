//! Tells the linker what Node brings along by itself.

fn main() {
    napi_build::setup();
}
