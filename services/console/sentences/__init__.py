"""The sentences of the other services, as pages show them: in the reader's language, with labels instead of codes."""
