//! Moments: the core's milliseconds since 1970, Python's aware `datetime` in UTC.

use nova_sonic_core::time::{Date, Timestamp};
use pyo3::{
    exceptions::PyValueError,
    prelude::*,
    types::{PyDate, PyDateTime, PyTzInfo},
};

/// An aware `datetime` in UTC.
pub(crate) fn to_python(py: Python<'_>, moment: Timestamp) -> PyResult<Bound<'_, PyDateTime>> {
    #[expect(
        clippy::cast_precision_loss,
        reason = "milliseconds of the years that a datetime has fit into 53 bits"
    )]
    let seconds = moment.unix_millis() as f64 / 1000.0;
    PyDateTime::from_timestamp(py, seconds, Some(&*PyTzInfo::utc(py)?))
}

/// The moment that a `datetime` names; `None` if it has no time zone and so names none.
pub(crate) fn from_python(given: &Bound<'_, PyDateTime>) -> PyResult<Option<Timestamp>> {
    if given.call_method0("utcoffset")?.is_none() {
        return Ok(None);
    }
    let seconds: f64 = given.call_method0("timestamp")?.extract()?;
    #[expect(clippy::cast_possible_truncation, reason = "a datetime ends with the year 9999")]
    let millis = (seconds * 1000.0).round() as i64;
    Ok(Some(Timestamp::from_unix_millis(millis)))
}

/// A calendar date.
pub(crate) fn day(py: Python<'_>, date: Date) -> PyResult<Bound<'_, PyDate>> {
    let number = |range| date.as_str().get(range).and_then(|digits: &str| digits.parse::<u16>().ok());
    let (Some(year), Some(month), Some(day)) = (number(0..4), number(4..6), number(6..8)) else {
        return Err(PyValueError::new_err("not a date"));
    };
    PyDate::new(py, i32::from(year), u8::try_from(month)?, u8::try_from(day)?)
}
