"""What is measured, one module a scenario or a family of them."""
