"""form-js schemas: (schema, raw input, rights) -> answers or Invalid(fields). Pure."""
