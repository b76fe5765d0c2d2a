"""What a caseworker would argue about: who is told what, in which words, and who is next when nobody answers."""
