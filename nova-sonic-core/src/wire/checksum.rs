//! The CRC-32 of frames, as zlib has it.

#[cfg(not(target_family = "wasm"))]
pub(super) use crc32fast::hash as crc32;
#[cfg(target_family = "wasm")]
pub(super) use small::crc32;

/// The same with one table instead of sixteen, and that one made when it is first needed: the tables of `crc32fast` are
/// 16 kB that nothing compresses, and a browser would download them.
#[cfg(any(target_family = "wasm", test))]
mod small {
    use std::sync::OnceLock;

    /// The polynomial of IEEE 802.3, lowest bit first.
    const POLYNOMIAL: u32 = 0xedb8_8320;

    pub(in crate::wire) fn crc32(bytes: &[u8]) -> u32 {
        static TABLE: OnceLock<[u32; 256]> = OnceLock::new();
        let table = TABLE.get_or_init(|| {
            let mut bytes = 0..;
            std::array::from_fn(|_| {
                let byte = bytes.next().unwrap_or_default();
                (0..8).fold(byte, |crc, _| if crc & 1 == 1 { crc >> 1 ^ POLYNOMIAL } else { crc >> 1 })
            })
        });
        !bytes.iter().fold(!0, |crc, byte| {
            let [lowest, ..] = crc.to_le_bytes();
            let entry = table.get(usize::from(lowest ^ byte)).copied().unwrap_or_default();
            crc >> 8 ^ entry
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_small_one_and_the_fast_one_agree(bytes in prop::collection::vec(any::<u8>(), 0..3_000)) {
            prop_assert_eq!(super::small::crc32(&bytes), crc32fast::hash(&bytes));
        }
    }
}
