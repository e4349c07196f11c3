"""The wallet for programs: figures, movements, money in and out, bank accounts by their last digits."""
