"""Sign in by the account that a person has at their organisation, by OpenID Connect."""
