"""The sample market: a cast with known sign-ins and a book of loans, built only through the public operations.

Amounts, terms, purposes, jobs and outcomes are rows of the Statlog (German Credit Data) set, H. Hofmann, UCI Machine Learning Repository,
CC BY 4.0 (german.csv: chosen columns of 60 rows with a term the product has; one mark is taken as ten yuan, amounts in whole hundreds). Names, texts
and dates are ours.
"""

YUAN_PER_MARK = 10
