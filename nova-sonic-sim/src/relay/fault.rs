//! What can go wrong with the relay, on request.

use serde::{Deserialize, Serialize};

/// What goes wrong with every conversation over the relay.
///
/// ```
/// use nova_sonic_sim::RelayFault;
/// let fault: RelayFault = serde_json::from_str(r#"{"cut_after":{"messages":20}}"#)?;
/// assert_eq!(fault, RelayFault::CutAfter { messages: 20 });
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[non_exhaustive]
pub enum RelayFault {
    /// The socket is closed with this code instead of the first message.
    Refuse {
        /// The code: 4001, 4003, 4004, 4008, 4011, or any other from 1000 to 4999 that may be sent.
        code: u16,
    },
    /// The socket is closed in mid-conversation.
    CloseAfter {
        /// Messages of the client that come before.
        messages: u64,
        /// The code.
        code: u16,
    },
    /// The connection ends in mid-conversation without a word.
    CutAfter {
        /// Messages of the client that come before.
        messages: u64,
    },
}
