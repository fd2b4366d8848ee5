//! The CRC-32 of frames, as zlib has it.

#[cfg(not(target_family = "wasm"))]
pub(super) use crc32fast::hash as crc32;
#[cfg(target_family = "wasm")]
pub(super) use small::crc32;

/// The same with one table of sixteen entries, two looks for each byte: the tables of `crc32fast` are 16 kB that nothing
/// compresses, and a browser would download them.
#[cfg(any(target_family = "wasm", test))]
mod small {
    /// What the polynomial of IEEE 802.3, lowest bit first, makes of four bits.
    const TABLE: [u32; 16] = [
        0x0000_0000,
        0x1db7_1064,
        0x3b6e_20c8,
        0x26d9_30ac,
        0x76dc_4190,
        0x6b6b_51f4,
        0x4db2_6158,
        0x5005_713c,
        0xedb8_8320,
        0xf00f_9344,
        0xd6d6_a3e8,
        0xcb61_b38c,
        0x9b64_c2b0,
        0x86d3_d2d4,
        0xa00a_e278,
        0xbdbd_f21c,
    ];

    pub(in crate::wire) fn crc32(bytes: &[u8]) -> u32 {
        let mut crc = !0_u32;
        for byte in bytes {
            crc ^= u32::from(*byte);
            for _ in 0..2 {
                crc = crc >> 4 ^ TABLE.get((crc & 0x0f) as usize).copied().unwrap_or_default();
            }
        }
        !crc
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
