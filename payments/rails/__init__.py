"""Rails money travels on: one interface, one module per rail."""
