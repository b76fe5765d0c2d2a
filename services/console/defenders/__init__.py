"""Find and register people, and the page of one person with all that staff keep about her."""
