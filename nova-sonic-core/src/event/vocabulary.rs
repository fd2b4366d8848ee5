//! Open word lists: a word that this version does not know is kept, not refused.

use std::fmt;

macro_rules! open_words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$word_doc])* $variant,)*
            /// A word that this version does not know.
            Other(String),
        }

        impl $name {
            /// Reads the service's word.
            pub fn parse(word: &str) -> Self {
                match word {
                    $($word => Self::$variant,)*
                    other => Self::Other(other.to_owned()),
                }
            }

            /// The service's word.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}

open_words! {
    /// Who speaks in a content block. Source: Nova 2 user guide, `sonic-input-events`.
    Role {
        /// Instructions to the model.
        System = "SYSTEM",
        /// Instructions about how speech is written down (Nova 2, Hindi and English).
        SystemSpeech = "SYSTEM_SPEECH",
        /// The person.
        User = "USER",
        /// The model.
        Assistant = "ASSISTANT",
        /// A tool call or its result.
        Tool = "TOOL",
    }
    /// What a content block holds.
    ContentType {
        /// Words.
        Text = "TEXT",
        /// Sound.
        Audio = "AUDIO",
        /// A tool call or its result.
        Tool = "TOOL",
    }
    /// Why a block or a completion ended. Source: Nova 2 user guide, `sonic-output-events`.
    StopReason {
        /// The block ended, the turn goes on. Every recognised text of the user ends so.
        PartialTurn = "PARTIAL_TURN",
        /// The turn ended.
        EndTurn = "END_TURN",
        /// The user interrupted.
        Interrupted = "INTERRUPTED",
        /// The tool is to be run now.
        ToolUse = "TOOL_USE",
    }
    /// Whether a text is a plan or what was really said. Source: Nova 2 user guide, `sonic-output-events`.
    GenerationStage {
        /// The plan for the next sentence, ahead of its sound.
        Speculative = "SPECULATIVE",
        /// What was recognised, or really spoken.
        Final = "FINAL",
    }
    /// How long a pause ends the user's turn. Source: Nova 2 user guide, `sonic-turn-taking`.
    EndpointingSensitivity {
        /// About 1.5 s.
        High = "HIGH",
        /// About 1.75 s.
        Medium = "MEDIUM",
        /// About 2.0 s.
        Low = "LOW",
    }
}
