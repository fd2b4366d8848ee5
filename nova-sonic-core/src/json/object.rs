//! JSON objects written member by member, without a tree of them first.

use super::{Value, write, write_text};

/// Writes the members of an object, in the order in which they are given.
///
/// ```
/// use nova_sonic_core::json::ObjectWriter;
/// let mut out = Vec::new();
/// let mut object = ObjectWriter::begin(&mut out);
/// object.text("city", "Paris").begin_object("weather").natural("degrees", 21).flag("rain", false).end().end();
/// assert_eq!(out, br#"{"city":"Paris","weather":{"degrees":21,"rain":false}}"#);
/// ```
#[derive(Debug)]
pub struct ObjectWriter<'out>(&'out mut Vec<u8>);

impl<'out> ObjectWriter<'out> {
    /// Appends the beginning of an object to `out`; each beginning needs its [`end`](Self::end).
    pub fn begin(out: &'out mut Vec<u8>) -> Self {
        out.push(b'{');
        Self(out)
    }

    /// Begins an object as a member.
    pub fn begin_object(&mut self, name: &str) -> &mut Self {
        self.name(name).0.push(b'{');
        self
    }

    /// Begins a list of objects as a member; each is begun by [`begin_item`](Self::begin_item).
    pub fn begin_list(&mut self, name: &str) -> &mut Self {
        self.name(name).0.push(b'[');
        self
    }

    /// Begins an object in a list.
    pub fn begin_item(&mut self) -> &mut Self {
        self.separate();
        self.0.push(b'{');
        self
    }

    /// Ends the object that was begun last.
    pub fn end(&mut self) -> &mut Self {
        self.0.push(b'}');
        self
    }

    /// Ends the list that was begun last.
    pub fn end_list(&mut self) -> &mut Self {
        self.0.push(b']');
        self
    }

    /// Adds a text.
    pub fn text(&mut self, name: &str, text: &str) -> &mut Self {
        write_text(text, self.name(name).0);
        self
    }

    /// Adds a natural number.
    pub fn natural(&mut self, name: &str, number: u64) -> &mut Self {
        self.value(name, &Value::from(number))
    }

    /// Adds `true` or `false`.
    pub fn flag(&mut self, name: &str, flag: bool) -> &mut Self {
        self.value(name, &Value::from(flag))
    }

    /// Adds any value.
    pub fn value(&mut self, name: &str, value: &Value) -> &mut Self {
        write(value, self.name(name).0);
        self
    }

    /// Adds a value that is JSON already.
    pub fn raw(&mut self, name: &str, json: &[u8]) -> &mut Self {
        self.name(name).0.extend_from_slice(json);
        self
    }

    fn name(&mut self, name: &str) -> &mut Self {
        self.separate();
        write_text(name, self.0);
        self.0.push(b':');
        self
    }

    /// What was begun just now has no comma before its first member.
    fn separate(&mut self) {
        if !matches!(self.0.last(), Some(b'{' | b'[')) {
            self.0.push(b',');
        }
    }
}
