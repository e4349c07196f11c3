"""What every door of the API stands on: problems, strict fields, pages by cursor, replies given once, and how all that reads in the schema.

Nothing here knows a person or a party; accounts.api adds who may come in.
"""
