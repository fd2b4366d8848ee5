//! The sans-IO conversation.
