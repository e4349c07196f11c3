"""The law and the house rule about contacting people, as dated data: one file per jurisdiction and edition, and the product floor.

Django-free, so that anybody can rerun a decision. `rules` are the shapes, `reading` is the strict loader, `operator` what an operator may add.
"""
