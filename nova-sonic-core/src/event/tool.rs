//! Tools that the model may call.

use super::EventError;
use crate::json::{self, Defect, Value};

/// One tool: its name, what it is for, and the JSON Schema of its input.
///
/// ```
/// use nova_sonic_core::event::ToolSpec;
/// let tool = ToolSpec::new("get_weather", "Weather of a city", r#"{"type":"object","properties":{"city":{"type":"string"}}}"#)?;
/// assert_eq!(tool.name(), "get_weather");
/// assert!(ToolSpec::new("get_weather", "", "not json").is_err());
/// # Ok::<(), nova_sonic_core::event::EventError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolSpec {
    name: String,
    description: String,
    input_schema: String,
}

/// The service's limit for a tool's name, in characters (Bedrock `ToolSpecification`).
const NAME_LIMIT: usize = 64;

impl ToolSpec {
    /// A tool; `input_schema` is the text of a JSON Schema object, which goes over the wire as a string.
    ///
    /// # Errors
    /// [`EventError::ToolName`] for a name outside `[a-zA-Z0-9_-]{1,64}`, [`EventError::ToolSchema`] for a schema
    /// that is no JSON object.
    pub fn new(
        name: impl Into<String>,
        description: impl Into<String>,
        input_schema: &str,
    ) -> Result<Self, EventError> {
        let name = name.into();
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        if name.is_empty() || name.len() > NAME_LIMIT || !name.bytes().all(legal) {
            return Err(EventError::ToolName { length: name.len() });
        }
        match json::read(input_schema.as_bytes()) {
            // kept as it was written: models read the properties in their order
            Ok(Value::Object(_)) => Ok(Self {
                name,
                description: description.into(),
                input_schema: input_schema.trim().to_owned(),
            }),
            Ok(_) => Err(EventError::ToolSchema { line: 1, column: 1 }),
            Err(Defect { line, column, .. }) => Err(EventError::ToolSchema { line, column }),
        }
    }

    /// The tool's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the tool is for, in words that the model reads.
    pub fn description(&self) -> &str {
        &self.description
    }

    /// The JSON text of the input's schema.
    pub fn input_schema(&self) -> &str {
        &self.input_schema
    }
}

/// Whether the model may, must, or must with one tool, call a tool.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ToolChoice {
    /// The model decides.
    #[default]
    Auto,
    /// Some tool is called.
    Any,
    /// This tool is called.
    Tool(String),
}
