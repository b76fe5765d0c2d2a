"""Who is asked when a case needs a person, who follows, and where no one can be reached."""
