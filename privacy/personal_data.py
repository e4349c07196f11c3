"""What this app itself holds about a person, for export; consents and looks outlive erasure (they hold no personal data)."""
