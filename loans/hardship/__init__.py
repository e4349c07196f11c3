"""When a borrower cannot pay as agreed: the request, a plan both sides see before they agree, and the holders' vote where it costs them interest.

`request` is the borrower's side and the staff's queue, `terms` what a plan may be, `plan` from proposal to event, `vote` the holders' part.
"""
