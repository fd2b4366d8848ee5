"""Stories that a child listens to, talks about, and changes by saying so."""
