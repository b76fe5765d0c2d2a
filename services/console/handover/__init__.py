"""The end of a shift: open cases, alarms and decisions that wait, and who takes them."""
