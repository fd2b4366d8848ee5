//! A reader of JSON for serde, in few bytes: no messages, and one way to read everything.

use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor},
    forward_to_deserialize_any,
};

use super::{
    Defect,
    number::{self, Number},
};

/// Lists and objects within each other; beyond it the stack would be at stake.
const DEPTH_LIMIT: u8 = 128;

pub(super) fn read<'de, T: Deserialize<'de>>(json: &'de [u8]) -> Result<T, Defect> {
    let mut reader = Reader { json, at: 0, depth: DEPTH_LIMIT };
    let read = T::deserialize(&mut reader);
    match read.and_then(|value| reader.finish().map(|()| value)) {
        Ok(value) => Ok(value),
        Err(stopped) => Err(reader.defect(&stopped)),
    }
}

/// Where the text stopped to be JSON; `None` where it is JSON that was not wanted.
#[derive(Debug)]
struct Stopped {
    at: Option<usize>,
}

impl fmt::Display for Stopped {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Stopped {}

impl Error for Stopped {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self { at: None }
    }
}

type Read<T> = Result<T, Stopped>;

enum Token<'de> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'de, str>),
    List,
    Object,
}

struct Reader<'de> {
    json: &'de [u8],
    at: usize,
    /// Lists and objects that may still be opened.
    depth: u8,
}

impl<'de> Reader<'de> {
    fn finish(&mut self) -> Read<()> {
        if self.peek().is_none() { Ok(()) } else { Err(self.before_next()) }
    }

    fn defect(&self, stopped: &Stopped) -> Defect {
        let end = stopped.at.unwrap_or(self.at);
        let before = self.json.get(..end).unwrap_or(self.json);
        let line_start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        let line = before.split(|byte| *byte == b'\n').count();
        Defect { line, column: end - line_start, is_shape: stopped.at.is_none() }
    }

    /// The next byte that is not white space.
    fn peek(&mut self) -> Option<u8> {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\t' | b'\r')) {
            self.at += 1;
        }
        self.byte()
    }

    fn byte(&self) -> Option<u8> {
        self.json.get(self.at).copied()
    }

    fn next(&mut self) -> Read<u8> {
        let byte = self.byte().ok_or_else(|| self.here())?;
        self.at += 1;
        Ok(byte)
    }

    fn here(&self) -> Stopped {
        Stopped { at: Some(self.at) }
    }

    /// The next byte is the one that should not be there, or there is none.
    fn before_next(&self) -> Stopped {
        Stopped { at: Some((self.at + 1).min(self.json.len())) }
    }

    fn word(&mut self, rest: &[u8]) -> Read<()> {
        for expected in rest {
            if self.next()? != *expected {
                return Err(self.here());
            }
        }
        Ok(())
    }

    /// What is in a string, up to its closing quote: borrowed where it has no escapes.
    fn string(&mut self) -> Read<Cow<'de, str>> {
        let mut read: Option<String> = None;
        let mut start = self.at;
        loop {
            let byte = self.next()?;
            if byte < b' ' {
                return Err(self.here());
            }
            if !matches!(byte, b'"' | b'\\') {
                continue;
            }
            let plain = self.json.get(start..self.at - 1).unwrap_or_default();
            let plain = std::str::from_utf8(plain).map_err(|_| self.here())?;
            if byte == b'"' {
                return Ok(match read {
                    None => Cow::Borrowed(plain),
                    Some(read) => Cow::Owned(read + plain),
                });
            }
            let read = read.get_or_insert_default();
            read.push_str(plain);
            read.push(self.escape()?);
            start = self.at;
        }
    }

    fn escape(&mut self) -> Read<char> {
        Ok(match self.next()? {
            plain @ (b'"' | b'\\' | b'/') => char::from(plain),
            b'b' => '\x08',
            b'f' => '\x0c',
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'u' => self.unicode()?,
            _ => return Err(self.here()),
        })
    }

    fn unicode(&mut self) -> Read<char> {
        let mut code = self.hexadecimal()?;
        if (0xd800..0xdc00).contains(&code) {
            // the first half of a pair
            self.word(b"\\u")?;
            let second = self.hexadecimal()?;
            if !(0xdc00..0xe000).contains(&second) {
                return Err(self.here());
            }
            code = 0x1_0000 + ((code & 0x3ff) << 10 | second & 0x3ff);
        }
        char::from_u32(code).ok_or_else(|| self.here())
    }

    fn hexadecimal(&mut self) -> Read<u32> {
        let digits = self.json.get(self.at..self.at + 4);
        self.at = (self.at + 4).min(self.json.len());
        let digit = |digit: &u8| char::from(*digit).to_digit(16);
        let code =
            digits.and_then(|digits| digits.iter().try_fold(0, |code, at| Some(code << 4 | digit(at)?)));
        code.ok_or_else(|| self.here())
    }

    /// The next value, or the beginning of one that has others in it.
    fn token(&mut self) -> Read<Token<'de>> {
        Ok(match self.peek() {
            Some(b'"') => {
                self.at += 1;
                Token::Text(self.string()?)
            }
            Some(b'{') => self.open().map(|()| Token::Object)?,
            Some(b'[') => self.open().map(|()| Token::List)?,
            Some(b'n') => self.word(b"null").map(|()| Token::Null)?,
            Some(b't') => self.word(b"true").map(|()| Token::Bool(true))?,
            Some(b'f') => self.word(b"false").map(|()| Token::Bool(false))?,
            Some(b'-' | b'0'..=b'9') => {
                let (number, length) = number::read(self.json.get(self.at..).unwrap_or_default());
                self.at += length;
                Token::Number(number.ok_or_else(|| self.here())?)
            }
            _ => return Err(self.before_next()),
        })
    }

    fn open(&mut self) -> Read<()> {
        if self.depth == 1 {
            return Err(self.before_next());
        }
        self.depth -= 1;
        self.at += 1;
        Ok(())
    }

    /// Whether there is another item before the `end`, which is passed over.
    fn another(&mut self, end: u8, is_first: &mut bool) -> Read<bool> {
        match self.peek() {
            Some(byte) if byte == end => {
                self.depth += 1;
                self.at += 1;
                return Ok(false);
            }
            Some(b',') if !*is_first => {
                self.at += 1;
                if self.peek() == Some(end) {
                    return Err(self.before_next());
                }
            }
            Some(_) if *is_first => {}
            _ => return Err(self.before_next()),
        }
        *is_first = false;
        Ok(true)
    }
}

impl<'de> Deserializer<'de> for &mut Reader<'de> {
    type Error = Stopped;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        match self.token()? {
            Token::Null => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::Number(Number::Natural(number)) => visitor.visit_u64(number),
            Token::Number(Number::Negative(number)) => visitor.visit_i64(number),
            Token::Number(Number::Fraction(number)) => visitor.visit_f64(number),
            Token::Text(Cow::Borrowed(text)) => visitor.visit_borrowed_str(text),
            Token::Text(Cow::Owned(text)) => visitor.visit_string(text),
            Token::List => visitor.visit_seq(Items { reader: self, is_first: true }),
            Token::Object => visitor.visit_map(Items { reader: self, is_first: true }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Read<V::Value> {
        if self.peek() == Some(b'n') {
            self.word(b"null").and_then(|()| visitor.visit_none())
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Read<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// What is in a list or an object.
struct Items<'a, 'de> {
    reader: &'a mut Reader<'de>,
    is_first: bool,
}

impl<'de> SeqAccess<'de> for Items<'_, 'de> {
    type Error = Stopped;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Read<Option<T::Value>> {
        if !self.reader.another(b']', &mut self.is_first)? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.reader).map(Some)
    }
}

impl<'de> MapAccess<'de> for Items<'_, 'de> {
    type Error = Stopped;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Read<Option<K::Value>> {
        if !self.reader.another(b'}', &mut self.is_first)? {
            return Ok(None);
        }
        match self.reader.peek() {
            Some(b'"') => seed.deserialize(&mut *self.reader).map(Some),
            _ => Err(self.reader.before_next()),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Read<V::Value> {
        if self.reader.peek() != Some(b':') {
            return Err(self.reader.before_next());
        }
        self.reader.at += 1;
        seed.deserialize(&mut *self.reader)
    }
}
