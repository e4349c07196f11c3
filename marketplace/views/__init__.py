"""Pages of the market, one file a noun."""
