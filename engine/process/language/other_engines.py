"""How diagrams of other engines say things, and what to write instead."""

from __future__ import annotations

ENGINES = {
    "http://camunda.org/schema/1.0/bpmn": "camunda",
    "http://activiti.org/bpmn": "activiti",
    "http://flowable.org/bpmn": "flowable",
    "http://bpmn.alfresco.org": "alfresco",
    "http://www.omg.org/bpmn20": "activiti",
}

_ASSIGN = "zeebe:assignmentDefinition"
#: attribute -> what to write instead. These change what happens, so the drawing cannot run right without them.
INSTEAD: dict[str, str] = {
    "assignee": f"{_ASSIGN} assignee",
    "candidateUsers": f"{_ASSIGN} candidateUsers",
    "candidateGroups": f"{_ASSIGN} candidateGroups",
    "formKey": "zeebe:formDefinition formId",
    "formRef": "zeebe:formDefinition formId",
    "formHandlerClass": "zeebe:formDefinition formId",
    "dueDate": "zeebe:taskSchedule dueDate",
    "followUpDate": "zeebe:taskSchedule followUpDate",
    "priority": "zeebe:priorityDefinition priority",
    "class": "zeebe:taskDefinition type",
    "expression": "zeebe:taskDefinition type",
    "delegateExpression": "zeebe:taskDefinition type",
    "type": "zeebe:taskDefinition type",
    "topic": "zeebe:taskDefinition type",
    "resultVariable": "zeebe:script resultVariable / zeebe:output",
    "resultVariableName": "zeebe:script resultVariable / zeebe:output",
    "decisionRef": "zeebe:calledDecision decisionId",
    "mapDecisionResult": "zeebe:calledDecision resultVariable",
    "collection": "zeebe:loopCharacteristics inputCollection",
    "elementVariable": "zeebe:loopCharacteristics inputElement",
    "variableName": "bpmn:condition (FEEL)",
    "initiator": "the variables of the case",
    "calledElementType": "zeebe:calledElement processId",
    "caseRef": "bpmn:callActivity with zeebe:calledElement",
    "errorCodeVariable": "zeebe:output",
    "skipExpression": "an exclusive gateway",
    "resource": "zeebe:script expression (FEEL)",
    "rules": "zeebe:calledDecision",
}
#: Extension elements of those engines that change what happens.
INSTEAD_OF_ELEMENTS: dict[str, str] = {
    "formData": "zeebe:formDefinition formId",
    "formProperty": "zeebe:formDefinition formId",
    "inputOutput": "zeebe:ioMapping",
    "in": "zeebe:ioMapping / zeebe:calledElement",
    "out": "zeebe:ioMapping / zeebe:calledElement",
    "executionListener": "a service task (zeebe:taskDefinition)",
    "taskListener": "a service task (zeebe:taskDefinition)",
    "connector": "zeebe:taskDefinition type",
    "field": "zeebe:taskHeaders / zeebe:ioMapping",
    "errorEventDefinition": "bpmn:errorEventDefinition",
    "properties": "zeebe:properties",
}
#: Attributes whose meaning we have too: the sentence to write, with their value. The drawing runs without them, and who
#: is asked or which form is shown is told by rules of their own: these are warnings.
SENTENCES: dict[str, str] = {
    "assignee": '<zeebe:assignmentDefinition assignee="{}" />',
    "candidateUsers": '<zeebe:assignmentDefinition candidateUsers="{}" />',
    "candidateGroups": '<zeebe:assignmentDefinition candidateGroups="{}" />',
    "formKey": '<zeebe:formDefinition formId="{}" />',
    "formRef": '<zeebe:formDefinition formId="{}" />',
    "topic": '<zeebe:taskDefinition type="{}" />',
}
