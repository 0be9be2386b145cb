"""Prints how many cases junitparser finds in each JUnit file, of which kinds."""

import json
import sys

from junitparser import Error, Failure, JUnitXml

told = []
for path in sys.argv[1:]:
    cases = [case for suite in JUnitXml.fromfile(path) for case in suite]
    results = [type(result) for case in cases for result in case.result]
    told.append(
        {
            "tests": len(cases),
            "failures": results.count(Failure),
            "errors": results.count(Error),
            "without_class": sum(not case.classname for case in cases),
        }
    )
json.dump(told, sys.stdout)
