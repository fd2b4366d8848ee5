//! JavaScript's arrays of numbers, copied into memory that is used again.
//!
//! A slice as an argument would be allocated anew for each call, and js-sys would bring along the rest of JavaScript.

use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "Uint8Array")]
    pub type Uint8Array;
    #[wasm_bindgen(method, getter)]
    fn length(this: &Uint8Array) -> usize;
    #[wasm_bindgen(method)]
    fn fill(this: &Uint8Array, byte: u8);
    #[wasm_bindgen(js_namespace = ["Uint8Array", "prototype", "set"], js_name = call)]
    fn copy_bytes(to: &mut [u8], from: &Uint8Array);

    #[wasm_bindgen(typescript_type = "Int16Array")]
    pub type Int16Array;
    #[wasm_bindgen(method, getter)]
    fn length(this: &Int16Array) -> usize;
    #[wasm_bindgen(js_namespace = ["Int16Array", "prototype", "set"], js_name = call)]
    fn copy_samples(to: &mut [i16], from: &Int16Array);

    #[wasm_bindgen(typescript_type = "Float32Array")]
    pub type Float32Array;
    #[wasm_bindgen(method, getter)]
    fn length(this: &Float32Array) -> usize;
    #[wasm_bindgen(js_namespace = ["Float32Array", "prototype", "set"], js_name = call)]
    fn copy_floats(to: &mut [f32], from: &Float32Array);
}

impl Uint8Array {
    /// Puts the bytes in place of what was in `buffer`.
    pub(crate) fn copy_into(&self, buffer: &mut Vec<u8>) {
        buffer.resize(self.length(), 0);
        copy_bytes(buffer, self);
    }

    pub(crate) fn wipe(&self) {
        self.fill(0);
    }
}

impl Int16Array {
    /// Puts the samples in place of what was in `buffer`.
    pub(crate) fn copy_into(&self, buffer: &mut Vec<i16>) {
        buffer.resize(self.length(), 0);
        copy_samples(buffer, self);
    }
}

impl Float32Array {
    /// Puts the samples in place of what was in `buffer`.
    pub(crate) fn copy_into(&self, buffer: &mut Vec<f32>) {
        buffer.resize(self.length(), 0.0);
        copy_floats(buffer, self);
    }
}
