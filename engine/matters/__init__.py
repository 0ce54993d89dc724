"""A matter (事项): bpmn/<matter>/ and forms/<matter>/ as one frozen, checked package. Pure."""
