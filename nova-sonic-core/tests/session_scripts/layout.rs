//! Scripts as text that people can read: one line for each input and each output.

use serde_json::Value;

/// What stands first in an object, in this order; the rest follows by the alphabet.
const FIRST: &[&str] = &[
    "name",
    "why",
    "config",
    "seed",
    "starts_at_ms",
    "opening",
    "steps",
    "at_ms",
    "input",
    "error",
    "message",
    "send",
    "emit",
];

pub(crate) fn of_file(scripts: &[Value]) -> String {
    let scripts: Vec<String> = scripts.iter().map(of_script).collect();
    format!("[\n{}\n]\n", scripts.join(",\n"))
}

fn of_script(script: &Value) -> String {
    let fields = ordered(script).into_iter().map(|(key, value)| match key {
        "steps" => format!("    \"steps\": [{}\n    ]", joined(value, "\n      ", of_step)),
        "opening" => format!("    \"opening\": [{}\n    ]", joined(value, "\n      ", of_line)),
        key => format!("    \"{key}\": {}", of_line(value)),
    });
    format!("  {{\n{}\n  }}", fields.collect::<Vec<_>>().join(",\n"))
}

fn of_step(step: &Value) -> String {
    let fields = ordered(step).into_iter().map(|(key, value)| match key {
        "outputs" if value.as_array().is_some_and(|outputs| !outputs.is_empty()) => {
            format!("\"outputs\": [{}\n      ]", joined(value, "\n        ", of_line))
        }
        key => format!("\"{key}\": {}", of_line(value)),
    });
    format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
}

fn joined(list: &Value, before: &str, line: impl Fn(&Value) -> String) -> String {
    let lines = list.as_array().map(Vec::as_slice).unwrap_or_default().iter();
    lines.map(|value| format!("{before}{}", line(value))).collect::<Vec<_>>().join(",")
}

fn of_line(value: &Value) -> String {
    match value {
        Value::Object(_) => {
            let fields =
                ordered(value).into_iter().map(|(key, value)| format!("\"{key}\": {}", of_line(value)));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(values) => {
            format!("[{}]", values.iter().map(of_line).collect::<Vec<_>>().join(", "))
        }
        other => other.to_string(),
    }
}

fn ordered(object: &Value) -> Vec<(&str, &Value)> {
    let mut fields: Vec<(&str, &Value)> =
        object.as_object().into_iter().flatten().map(|(key, value)| (key.as_str(), value)).collect();
    fields.sort_by_key(|(key, _)| (FIRST.iter().position(|first| first == key).unwrap_or(FIRST.len()), *key));
    fields
}
