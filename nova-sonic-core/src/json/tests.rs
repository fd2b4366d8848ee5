//! What the short reader and writer make of a text is what `serde_json` makes of it.

use proptest::prelude::*;
use serde_json::Value;

use super::{Number, Reader, number, read, read_by, value, writer};

/// Equal, but for the last bits of long fractions.
fn alike(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one.is_f64() && other.is_f64() => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            one.is_sign_negative() == other.is_sign_negative()
                && (one - other).abs() <= one.abs().max(other.abs()) * 1e-13 + f64::MIN_POSITIVE
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| alike(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().zip(other).all(|(one, other)| one.0 == other.0 && alike(one.1, other.1))
        }
        _ => one == other,
    }
}

fn check(text: &[u8]) {
    let expected = serde_json::from_slice::<Value>(text);
    let came = read(text);
    let shown = String::from_utf8_lossy(text);
    match (expected, came) {
        (Ok(expected), Ok(came)) => assert!(alike(&expected, &came), "{shown}: {expected} and {came}"),
        (Err(expected), Err(came)) => {
            let place = (expected.line(), expected.column());
            // where exactly a number grows out of range is nobody's business
            if !expected.to_string().contains("out of range") {
                assert_eq!((came.line, came.column), place, "{shown:?}: {expected}");
            }
            assert_eq!(came.is_shape, expected.is_data(), "{shown:?}: {expected}");
        }
        (expected, came) => panic!("{shown:?}: {expected:?} and {came:?}"),
    }
}

#[test]
fn what_is_special_about_json_is_read_and_refused_as_by_serde_json() {
    for text in [
        "",
        " ",
        "null",
        "nul",
        "nulL",
        "truefalse",
        "false ",
        "\n\n tru",
        "{}",
        "{",
        "{\"a\"",
        "{\"a\":",
        "{\"a\":1",
        "{\"a\":1,",
        "{\"a\":1,}",
        "{\"a\" 1}",
        "{a:1}",
        "{\"a\":1 \"b\":2}",
        "{\"a\":1,\"a\":2}",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "]",
        "{]",
        "[}",
        "0",
        "-0",
        "00",
        "01",
        "-",
        "-a",
        "1.",
        "1.a",
        "1.5",
        "-1.5",
        "1e",
        "1e+",
        "1e5",
        "1E-5",
        "1e400",
        "-1e400",
        "1e-400",
        "18446744073709551615",
        "18446744073709551616",
        "-9223372036854775808",
        "-9223372036854775809",
        "123456789012345678901234567890",
        "0.1",
        "0.7",
        "2.2250738585072014e-308",
        "1.7976931348623157e308",
        "\"\"",
        "\"a",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\\x\"",
        "\"\\",
        "\"\\u",
        "\"\\u12\"",
        "\"\\u00e9\"",
        "\"\\ud83d\\ude00\"",
        "\"\\ud83d\"",
        "\"\\ud83dx\"",
        "\"\\ud83d\\n\"",
        "\"\\ud83d\\u0041\"",
        "\"\\ude00\"",
        "\"\t\"",
        "\"\n",
        "\"é\"",
        "é",
        "\u{feff}{}",
        "{} {}",
        "1 2",
    ] {
        check(text.as_bytes());
    }
    check(&[b'['; 127].iter().chain(&[b']'; 127]).copied().collect::<Vec<_>>());
    check(&[b'['; 128].iter().chain(&[b']'; 128]).copied().collect::<Vec<_>>());
    check(b"{\"a\":".repeat(200).as_slice());
}

#[test]
fn a_shape_that_was_not_wanted_is_told_from_a_text_that_is_no_json() {
    for (text, is_shape) in
        [("[1,\"two\"]", true), ("7", true), ("{\"a\":1}", false), ("{\"a\":", false), ("{}x", false)]
    {
        let mut object = |reader: &mut Reader<'_>| reader.object(&mut |reader, _| reader.skip());
        let came = read_by(text.as_bytes(), &mut object);
        assert_eq!(came.err().is_some_and(|defect| defect.is_shape), is_shape, "{text}");
    }
}

/// As a browser reads it.
fn rounded(text: &str) -> f64 {
    match number::read_by(text.as_bytes(), number::scaled) {
        (Some(Number::Fraction(value)), _) => value,
        (other, _) => panic!("{text}: {other:?}"),
    }
}

#[test]
fn settings_and_counts_are_exact_in_a_browser_too() {
    for hundredths in 0..=10_000_u32 {
        let value = f64::from(hundredths) / 100.0;
        let text = serde_json::to_string(&value).unwrap();
        assert_eq!(rounded(&text).to_bits(), value.to_bits(), "{text}");
        let mut written = Vec::new();
        writer::write(&Value::from(value), &mut written);
        assert_eq!(String::from_utf8(written).unwrap(), text);
    }
}

/// The same in the tree that a browser has.
fn planted(value: &Value) -> value::Value {
    match value {
        Value::Null => value::Value::Null,
        Value::Bool(flag) => (*flag).into(),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(natural), _) => natural.into(),
            (None, Some(negative)) => negative.into(),
            (None, None) => number.as_f64().unwrap().into(),
        },
        Value::String(text) => text.as_str().into(),
        Value::Array(list) => list.iter().map(planted).collect::<Vec<_>>().into(),
        Value::Object(fields) => {
            let mut object = value::Object::new();
            for (name, value) in fields.iter().rev() {
                assert_eq!(object.insert(name.clone(), value::Value::Null), None);
                assert_eq!(object.insert(name.clone(), planted(value)), Some(value::Value::Null));
            }
            value::Value::Object(object)
        }
    }
}

fn assert_same(own: &value::Value, value: &Value) {
    assert_eq!(own.is_null(), value.is_null());
    assert_eq!(own.is_string(), value.is_string());
    assert_eq!(own.is_object(), value.is_object());
    assert_eq!(own.as_bool(), value.as_bool());
    assert_eq!(own.as_u64(), value.as_u64());
    assert_eq!(own.as_f64().map(f64::to_bits), value.as_f64().map(f64::to_bits));
    assert_eq!(own.as_str(), value.as_str());
    assert_eq!(own.as_i64(), value.as_i64());
    assert_eq!(own.as_array().map(Vec::len), value.as_array().map(Vec::len));
    for (own, value) in own.as_array().into_iter().flatten().zip(value.as_array().into_iter().flatten()) {
        assert_same(own, value);
    }
    let (Some(own), Some(object)) = (own.as_object(), value.as_object()) else {
        assert_eq!(own.as_object().is_some(), value.as_object().is_some());
        assert_eq!(own.get("name"), None);
        return;
    };
    assert_eq!((own.len(), own.is_empty()), (object.len(), object.is_empty()));
    assert!(own.keys().eq(object.keys()), "in the order of their names");
    for ((name, own_member), (_, member)) in own.iter().zip(object) {
        assert!(own.contains_key(name));
        assert_eq!(own.get(name), Some(own_member));
        assert_same(own_member, member);
    }
    let (mut own, mut object) = (own.clone(), object.clone());
    let first = object.keys().next().cloned().unwrap_or_default();
    assert_eq!(own.remove(&first).is_some(), object.remove(&first).is_some());
    assert_eq!(own.remove(&first), None);
    assert!(own.into_iter().map(|(name, _)| name).eq(object.into_iter().map(|(name, _)| name)));
}

/// Pieces of JSON in any order, so that what is nearly right comes up often.
fn nearly_json() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "null", "true", "false", "0", "-", "1",
            "12", ".", "e", "E+", "\\", "\\u", "\\n", "d83d", "de00", "00", " ", "\n", "é", "x", "1.5", "-3",
        ])
        .prop_map(str::to_owned),
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..30).prop_map(|pieces| pieces.concat())
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(".*", inner, 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_looks_like_json_is_read_and_refused_as_by_serde_json(text in nearly_json()) {
        check(text.as_bytes());
    }

    #[test]
    fn json_cut_or_changed_anywhere_is_too(value in json(), place: prop::sample::Index, byte: u8, how in 0..3_u8) {
        let mut text = serde_json::to_vec(&value).unwrap();
        let place = place.index(text.len());
        match how {
            0 => text.truncate(place),
            1 => text[place] = byte & 0x7f,
            _ => {}
        }
        if std::str::from_utf8(&text).is_ok() {
            check(&text);
        }
    }

    #[test]
    fn bytes_that_are_no_text_are_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let expected = serde_json::from_slice::<Value>(&bytes);
        prop_assert_eq!(expected.is_ok(), read(&bytes).is_ok());
    }

    #[test]
    fn the_tree_of_a_browser_answers_as_that_of_serde_json(value in json()) {
        assert_same(&planted(&value), &value);
    }

    #[test]
    fn a_browser_reads_fractions_but_for_their_last_bits(value in any::<f64>().prop_filter("a number", |value| value.is_finite())) {
        let text = serde_json::to_string(&value).unwrap();
        let scale = value.abs() * 1e-13 + f64::MIN_POSITIVE;
        prop_assert!((rounded(&text) - value).abs() <= scale, "{}", text);
    }

    #[test]
    fn values_are_written_as_by_serde_json(value in json()) {
        let mut written = Vec::new();
        writer::write(&value, &mut written);
        let again: Value = serde_json::from_slice(&written).unwrap();
        prop_assert!(alike(&again, &value), "{} and {}", again, value);
        if !serde_json::to_string(&value).unwrap().contains(['.', 'e']) {
            prop_assert_eq!(String::from_utf8(written).unwrap(), serde_json::to_string(&value).unwrap());
        }
    }
}
