//! An object as its members came, so that one that comes twice can be told.

use super::{Defect, Value, read_by};

/// The members of an object, in their order.
#[derive(Debug)]
pub(crate) struct Fields(Vec<(String, Value)>);

impl Fields {
    /// Reads the whole of a text that is to be an object.
    pub(crate) fn read(text: &[u8]) -> Result<Self, Defect> {
        let mut fields = Vec::new();
        read_by(text, &mut |reader| {
            reader.object(&mut |reader, name| {
                fields.push((name.into_owned(), reader.value()?));
                Ok(())
            })
        })?;
        Ok(Self(fields))
    }

    /// The member of that name, `null` being none; `Err` where there are two.
    pub(crate) fn single(&self, name: &str) -> Result<Option<&Value>, Twice> {
        let mut named = self.0.iter().filter(|(known, _)| known == name).map(|(_, value)| value);
        let value = named.next();
        if named.next().is_some() { Err(Twice) } else { Ok(value.filter(|value| !value.is_null())) }
    }

    /// The text of that name, where there is one and nothing but a text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.single(name).ok()??.as_str()
    }
}

/// A member came twice: whoever reads the first and who reads the last would not agree.
#[derive(Debug)]
pub(crate) struct Twice;
