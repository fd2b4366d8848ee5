//! A reader of JSON in few bytes: no messages, no visitors, and one way to read everything.

use std::borrow::Cow;

use super::{
    Defect, Object, Value,
    number::{self, Number},
};

/// Lists and objects within each other; beyond it the stack would be at stake.
const DEPTH_LIMIT: u8 = 128;

/// Reads the whole of a text, in the way that is given.
pub(crate) fn read_by<'json>(
    json: &'json [u8],
    read: &mut dyn FnMut(&mut Reader<'json>) -> Read<()>,
) -> Result<(), Defect> {
    let mut reader = Reader { json, at: 0, depth: DEPTH_LIMIT };
    let read = read(&mut reader).and_then(|()| reader.finish());
    read.map_err(|stopped| reader.defect(&stopped))
}

/// Where the text stopped to be JSON; `None` where it is JSON that was not wanted.
#[derive(Debug)]
pub(crate) struct Stopped {
    at: Option<usize>,
}

impl Stopped {
    /// This is JSON, but not what was wanted.
    pub(crate) const UNWANTED: Self = Self { at: None };
}

pub(crate) type Read<T> = Result<T, Stopped>;

/// What a value begins with, or all of it.
pub(crate) enum Token<'json> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'json, str>),
    /// Its items are next: [`Reader::items`].
    List,
    /// Its members are next: [`Reader::members`].
    Object,
}

pub(crate) struct Reader<'json> {
    json: &'json [u8],
    at: usize,
    /// Lists and objects that may still be opened.
    depth: u8,
}

impl<'json> Reader<'json> {
    /// The next value, whatever it is.
    pub(crate) fn value(&mut self) -> Read<Value> {
        let token = self.token()?;
        self.value_of(token)
    }

    /// The value that begins with this.
    pub(crate) fn value_of(&mut self, token: Token<'json>) -> Read<Value> {
        Ok(match token {
            Token::Null => Value::Null,
            Token::Bool(flag) => flag.into(),
            Token::Number(Number::Natural(number)) => number.into(),
            Token::Number(Number::Negative(number)) => number.into(),
            Token::Number(Number::Fraction(number)) => number.into(),
            Token::Text(text) => Value::String(text.into_owned()),
            Token::List => {
                let mut list = Vec::new();
                self.items(&mut |reader| {
                    list.push(reader.value()?);
                    Ok(())
                })?;
                Value::Array(list)
            }
            Token::Object => {
                let mut fields = Object::new();
                self.members(&mut |reader, name| {
                    fields.insert(name.into_owned(), reader.value()?);
                    Ok(())
                })?;
                Value::Object(fields)
            }
        })
    }

    /// Passes over the next value.
    pub(crate) fn skip(&mut self) -> Read<()> {
        match self.token()? {
            Token::Null | Token::Bool(_) | Token::Number(_) | Token::Text(_) => Ok(()),
            Token::List => self.items(&mut Self::skip),
            Token::Object => self.members(&mut |reader, _| reader.skip()),
        }
    }

    /// Gives each member of the next value, which is to be an object; its value is to be read.
    pub(crate) fn object(
        &mut self,
        member: &mut dyn FnMut(&mut Self, Cow<'json, str>) -> Read<()>,
    ) -> Read<()> {
        match self.token()? {
            Token::Object => self.members(member),
            Token::Null | Token::Bool(_) | Token::Number(_) | Token::Text(_) | Token::List => {
                Err(Stopped::UNWANTED)
            }
        }
    }

    /// Gives each member of the object that has just begun; its value is to be read.
    pub(crate) fn members(
        &mut self,
        member: &mut dyn FnMut(&mut Self, Cow<'json, str>) -> Read<()>,
    ) -> Read<()> {
        let mut is_first = true;
        while self.another(b'}', &mut is_first)? {
            if self.peek() != Some(b'"') {
                return Err(self.before_next());
            }
            self.at += 1;
            let name = self.string()?;
            if self.peek() != Some(b':') {
                return Err(self.before_next());
            }
            self.at += 1;
            member(self, name)?;
        }
        Ok(())
    }

    /// Calls for each item of the list that has just begun; it is to be read.
    pub(crate) fn items(&mut self, item: &mut dyn FnMut(&mut Self) -> Read<()>) -> Read<()> {
        let mut is_first = true;
        while self.another(b']', &mut is_first)? {
            item(self)?;
        }
        Ok(())
    }

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
    fn string(&mut self) -> Read<Cow<'json, str>> {
        let mut read: Option<String> = None;
        let mut start = self.at;
        loop {
            self.at += plain_length(self.json.get(self.at..).unwrap_or_default());
            let byte = self.next()?;
            if byte < b' ' {
                return Err(self.here());
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
    pub(crate) fn token(&mut self) -> Read<Token<'json>> {
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

/// How many bytes there are before a quote, a backslash or a control character.
fn plain_length(bytes: &[u8]) -> usize {
    let is_special = |byte: &u8| *byte < b' ' || matches!(*byte, b'"' | b'\\');
    // sixteen at a time, without a decision between: the sound of an event is thousands of bytes
    let is_plain = |run: &&[u8; 16]| !run.iter().fold(false, |any, byte| any | is_special(byte));
    let (runs, _) = bytes.as_chunks();
    let whole = 16 * runs.iter().take_while(is_plain).count();
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().position(is_special).unwrap_or(rest.len())
}
