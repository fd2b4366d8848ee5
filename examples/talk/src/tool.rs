//! Tools that the model may call.

use clap::ValueEnum;
use nova_sonic_core::event::{EventError, ToolSpec};
use serde_json::{Value, json};

/// A tool that the model may call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Tool {
    /// The weather of a city, made up.
    Weather,
}

impl Tool {
    const fn name(self) -> &'static str {
        match self {
            Self::Weather => "get_weather",
        }
    }

    /// What the model is told about it.
    pub(crate) fn spec(self) -> Result<ToolSpec, EventError> {
        match self {
            Self::Weather => ToolSpec::new(
                self.name(),
                "Tells the weather of a city: a summary, and the temperature in degrees Celsius.",
                r#"{
                    "type": "object",
                    "properties": { "city": { "type": "string", "description": "The city's name" } },
                    "required": ["city"]
                }"#,
            ),
        }
    }

    fn answer(self, input: &Value) -> Result<Value, String> {
        match self {
            Self::Weather => {
                let city = input.get("city").and_then(Value::as_str).map(str::trim);
                match city {
                    Some(city) if !city.is_empty() => Ok(weather(city)),
                    _ => Err("the input needs a city".to_owned()),
                }
            }
        }
    }
}

/// Runs the tool called `name`, if it is one of `tools`: the JSON of its result, or what the model is told instead.
pub(crate) fn run(tools: &[Tool], name: &str, input: &str) -> Result<String, String> {
    let tool = tools.iter().find(|tool| tool.name() == name).ok_or("there is no such tool")?;
    let input: Value = serde_json::from_str(input).map_err(|_| "the input is not JSON")?;
    tool.answer(&input).map(|result| result.to_string())
}

fn weather(city: &str) -> Value {
    let (summary, temperature) = match city.to_lowercase().as_str() {
        "oslo" => ("rainy", 11),
        "seattle" => ("foggy", 14),
        "tokyo" => ("sunny", 24),
        _ => ("mild", 18),
    };
    json!({ "city": city, "summary": summary, "temperature": temperature })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_city_has_weather() {
        let result = run(&[Tool::Weather], "get_weather", r#"{"city":" Oslo "}"#);
        assert_eq!(result.as_deref(), Ok(r#"{"city":"Oslo","summary":"rainy","temperature":11}"#));
        assert!(Tool::Weather.spec().is_ok());
    }

    #[test]
    fn what_cannot_be_answered_is_said_to_the_model() {
        for (name, input, told) in [
            ("get_weather", r#"{"town":"Oslo"}"#, "the input needs a city"),
            ("get_weather", r#"{"city":7}"#, "the input needs a city"),
            ("get_weather", "Oslo", "the input is not JSON"),
            ("launch_rocket", "{}", "there is no such tool"),
        ] {
            assert_eq!(run(&[Tool::Weather], name, input), Err(told.to_owned()), "{name} {input}");
        }
    }
}
