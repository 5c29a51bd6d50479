"""Value flow of one file: functions, classes and the events in them, as terms over parameters, globals and allocations."""
