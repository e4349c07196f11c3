"""One module for each engine: `run(data)` reads its JSON strictly, calls the pure engine and writes its answer as JSON."""
