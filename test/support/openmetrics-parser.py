# Reads OpenMetrics from stdin with the Python client's strict parser and prints its families as JSON; what the parser
# refuses ends it with exit code 1 and the reason on stderr. PYTHONPATH says where the client lies.
import json
import sys

from prometheus_client.openmetrics.parser import text_string_to_metric_families


def exemplar(sample):
    if sample.exemplar is None:
        return None
    return {
        "labels": sample.exemplar.labels,
        "value": sample.exemplar.value,
        "timestamp": float(sample.exemplar.timestamp),
    }


try:
    families = [
        {
            "name": family.name,
            "type": family.type,
            "unit": family.unit,
            "help": family.documentation,
            "samples": [
                # As text: JSON has neither NaN nor infinities.
                {"name": s.name, "labels": s.labels, "value": repr(float(s.value)), "exemplar": exemplar(s)}
                for s in family.samples
            ],
        }
        for family in text_string_to_metric_families(sys.stdin.buffer.read().decode("utf-8"))
    ]
except ValueError as error:
    sys.exit(f"refused: {error}")
json.dump(families, sys.stdout)
