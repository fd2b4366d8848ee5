//! JSON whose texts are wiped.

use crate::{
    json::{Defect, Number, Read, Reader, Token, read_by},
    secret::SecretText,
};

/// A JSON value. Every text is taken for a secret, because at this point nobody knows which one is.
pub(super) enum Value {
    Null,
    Text(SecretText),
    Number(u64),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// A value that no grant has.
    Other,
}

/// Longest name of a field that a grant could have, bytes.
const NAME_LIMIT: usize = 32;
/// The most fields that are looked at.
const FIELD_LIMIT: usize = 64;

impl Value {
    /// Reads the whole of a text.
    pub(super) fn read(json: &[u8]) -> Result<Self, Defect> {
        let mut value = Self::Null;
        read_by(json, &mut |reader| {
            value = Self::next(reader)?;
            Ok(())
        })?;
        Ok(value)
    }

    fn next(reader: &mut Reader<'_>) -> Read<Self> {
        Ok(match reader.token()? {
            Token::Null => Self::Null,
            Token::Text(text) => Self::Text(SecretText::new(text.into_owned())),
            Token::Number(Number::Natural(number)) => Self::Number(number),
            Token::Number(_) | Token::Bool(_) => Self::Other,
            Token::List => {
                let mut list = Vec::new();
                reader.items(&mut |reader| {
                    list.push(Self::next(reader)?);
                    Ok(())
                })?;
                Self::List(list)
            }
            Token::Object => {
                let mut object: Vec<(String, Self)> = Vec::new();
                reader.members(&mut |reader, name| {
                    if name.len() > NAME_LIMIT || object.len() >= FIELD_LIMIT {
                        return reader.skip();
                    }
                    object.push((name.into_owned(), Self::next(reader)?));
                    Ok(())
                })?;
                Self::Object(object)
            }
        })
    }

    /// Takes a field out of an object; `null` is as good as none, and twice the same field as good as none that fits.
    pub(super) fn take(&mut self, field: &str) -> Option<Self> {
        let Self::Object(fields) = self else { return None };
        let mut named = fields.iter_mut().filter(|(name, _)| name == field).map(|(_, value)| value);
        let value = std::mem::replace(named.next()?, Self::Null);
        let value = if named.next().is_some() { Self::Other } else { value };
        (!matches!(value, Self::Null)).then_some(value)
    }
}
