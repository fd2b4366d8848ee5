//! Texts that are one of a few, which a stub says as `Literal[…]`.

use std::convert::Infallible;

use pyo3::{inspect::PyStaticExpr, prelude::*, types::PyString};

/// The stub's `Literal[…]` of these texts.
macro_rules! literal {
    ($($text:literal),+) => {
        pyo3::inspect::PyStaticExpr::Subscript {
            value: &pyo3::type_hint_identifier!("typing", "Literal"),
            slice: &pyo3::inspect::PyStaticExpr::Tuple {
                elts: &[$(pyo3::inspect::PyStaticExpr::Constant {
                    value: pyo3::inspect::PyStaticConstant::Str($text),
                }),+],
            },
        }
    };
}

/// Declares a type for such a text on its way to Python.
macro_rules! words {
    ($($(#[$doc:meta])* $word:ident = $hint:expr;)*) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $word(pub(crate) &'static str);

        impl<'py> IntoPyObject<'py> for $word {
            type Target = PyString;
            type Output = Bound<'py, PyString>;
            type Error = Infallible;

            const OUTPUT_TYPE: PyStaticExpr = $hint;

            fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
                Ok(PyString::intern(py, self.0))
            }
        })*
    };
}

/// The modes of a grant, as an argument takes them.
pub(crate) const MODES: PyStaticExpr = literal!("signing-keys", "plain");

/// The partitions of AWS.
pub(crate) const PARTITIONS: PyStaticExpr =
    literal!("aws", "aws-us-gov", "aws-cn", "aws-eusc", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f");

words! {
    /// A partition of AWS.
    PartitionWord = PARTITIONS;
    /// Who can do something about an error.
    BlameWord = literal!("caller", "model", "service", "network");
    /// The mode of a grant.
    ModeWord = MODES;
    /// Where a model stands in its life.
    LifecycleWord = literal!("active", "ending", "end-of-life", "unknown");
    /// Where a conversation stands.
    StateWord = literal!("initializing", "listening", "thinking", "speaking", "idle", "closed");
    /// What the breaker does.
    BreakerWord = literal!("closed", "open", "half-open");
}
