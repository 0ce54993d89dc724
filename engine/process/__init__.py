"""BPMN as a pure function. The only room that imports SpiffWorkflow."""
