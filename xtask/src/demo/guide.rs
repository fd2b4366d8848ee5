//! What a person is told who has just started the story player.

use crate::{
    demo::stack::{Stack, USER},
    step,
};

/// Says where it is, how to get in, and what to try.
pub(crate) fn give(stack: &Stack, aws: bool) {
    let partner = if aws { WITH_AWS } else { WITH_SIMULATOR };
    step::result(&format!(
        "\nThe story player is at {}\n  sign in as {USER}, password {}\n\n{partner}\nCtrl-C ends it, and everything that it has started.",
        stack.address(),
        stack.password()
    ));
}

const WITH_SIMULATOR: &str = "\
What to try, with headphones or without:
  1. Open the story of the little fox, start to talk, and ask: \"Why is the little fox so sad?\"
  2. Ask for a change: \"Can the fox have a friend, please?\", and watch the story change
  3. Ask: \"What happens next?\", and interrupt the long answer by talking
  4. Say \"Good night\"; whatever you say after that, a parrot says back
The simulator does not recognise speech: it follows this order whatever you say, and shows these sentences as yours.
Open the same story in a second tab to take the conversation over. With `--relay-only` it goes through the server.
";

const WITH_AWS: &str = "\
It talks to Amazon Nova 2 Sonic, and that costs what docs/aws-setup.md says. Ask about the story, ask for a change
of it, and interrupt a long answer by talking.
";
