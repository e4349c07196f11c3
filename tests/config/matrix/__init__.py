"""Who may open which address: the table, the people and things it is tried with, and how an answer is read."""
