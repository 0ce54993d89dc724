"""The database: unit of work, models, migrations."""
